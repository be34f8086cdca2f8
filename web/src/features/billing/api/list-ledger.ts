import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 50;

/** The transfers of the ledger, newest first. */
export function ledgerQuery(organization: string) {
  return infiniteQueryOptions({
    queryKey: ["ledger", organization],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/organizations/{org}/ledger", {
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
