import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 20;

/** When spending on a budget reached a share of its limit, newest first. */
export function alertsQuery(organization: string, budget: string) {
  return infiniteQueryOptions({
    queryKey: ["budget-alerts", organization, budget],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/organizations/{org}/alerts", {
          params: {
            path: { org: organization },
            query: { budget, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
  });
}
