import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 50;

export function keysQuery(project: string) {
  return infiniteQueryOptions({
    queryKey: ["keys", project],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project}/keys", {
          params: { path: { project }, query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
  });
}
