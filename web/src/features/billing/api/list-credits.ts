import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 50;

/** The parts of the credit with their expiry, newest first. */
export function creditsQuery(organization: string) {
  return infiniteQueryOptions({
    queryKey: ["credits", organization],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/organizations/{org}/credits", {
          params: {
            path: { org: organization },
            query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
  });
}
