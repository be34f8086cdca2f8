import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 50;
/** Somebody who has just paid waits for this list to say so. */
const LIVE_MS = 5_000;

/** The payments for credit, newest first. */
export function topUpsQuery(organization: string) {
  return infiniteQueryOptions({
    queryKey: ["top-ups", organization],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/organizations/{org}/top-ups", {
          params: {
            path: { org: organization },
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
