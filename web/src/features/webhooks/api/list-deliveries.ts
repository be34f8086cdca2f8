import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 50;
const LIVE_MS = 10_000;

/** What a webhook was told in the last 30 days and is to be told, newest first. */
export function deliveriesQuery(organization: string, webhook: string) {
  return infiniteQueryOptions({
    queryKey: ["webhook-deliveries", organization, webhook],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/organizations/{org}/webhooks/{webhook}/deliveries", {
          params: {
            path: { org: organization, webhook },
            query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
    refetchInterval: LIVE_MS,
  });
}
