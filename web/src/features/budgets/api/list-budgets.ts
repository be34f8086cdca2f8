import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readAll } from "@/api/read-all";

const LIVE_MS = 10_000;

/** Every budget of an organization (the API allows a thousand), because the tree is sorted by what is spent. */
export function budgetsQuery(organization: string) {
  return queryOptions({
    queryKey: ["budgets", organization],
    queryFn: ({ signal }) =>
      readAll((query) =>
        unwrap(
          api.GET("/api/v1/organizations/{org}/budgets", {
            params: { path: { org: organization }, query },
            signal,
          }),
        ),
      ),
    refetchInterval: LIVE_MS,
  });
}
