import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 50;

/** The versions of a route, newest first. */
export function versionsQuery(project: string, route: string) {
  return infiniteQueryOptions({
    queryKey: ["route-versions", project, route],
    queryFn: ({ pageParam: cursor, signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project}/routes/{route}/versions", {
          params: { path: { project, route }, query: { limit: PAGE, ...(cursor ? { cursor } : {}) } },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
  });
}
