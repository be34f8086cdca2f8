import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 24;
const LIVE_MS = 10_000;

/** The windows of a budget, newest first; of one end user or session when `partition` names it. */
export function windowsQuery(organization: string, budget: string, partition: string) {
  return infiniteQueryOptions({
    queryKey: ["budget-windows", organization, budget, partition],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/organizations/{org}/budgets/{budget}/windows", {
          params: {
            path: { org: organization, budget },
            query: {
              limit: PAGE,
              ...(pageParam ? { cursor: pageParam } : {}),
              ...(partition ? { partition } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
    refetchInterval: LIVE_MS,
  });
}
