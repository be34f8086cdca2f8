import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { Budget } from "@/api/types";

const PAGE = 200;
const LIVE_MS = 10_000;

/** Every budget of an organization (the API allows a thousand), because the tree is sorted by what is spent. */
export function budgetsQuery(organization: string) {
  return queryOptions({
    queryKey: ["budgets", organization],
    queryFn: async ({ signal }) => {
      const budgets: Budget[] = [];
      let cursor: string | null = null;
      do {
        const query = { limit: PAGE, ...(cursor ? { cursor } : {}) };
        const page: { data: Budget[]; next_cursor: string | null } = await unwrap(
          api.GET("/api/v1/organizations/{org}/budgets", {
            params: { path: { org: organization }, query },
            signal,
          }),
        );
        budgets.push(...page.data);
        cursor = page.next_cursor;
      } while (cursor);
      return budgets;
    },
    refetchInterval: LIVE_MS,
  });
}
