import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 25;

export interface ModelFilter {
  q: string;
  provider: string;
}

/** Models with what is known of each way to reach them, the organization's own statements included. */
export function modelsQuery(organization: string, { q, provider }: ModelFilter) {
  return infiniteQueryOptions({
    queryKey: ["model-facts", organization, q, provider],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/models", {
          params: {
            query: {
              organization,
              limit: PAGE,
              ...(q ? { q } : {}),
              ...(provider ? { provider } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
  });
}
