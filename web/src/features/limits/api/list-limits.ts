import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { Limit } from "@/api/types";

const PAGE = 200;

/** Every rate limit of an organization; the API allows a thousand. */
export function limitsQuery(organization: string) {
  return queryOptions({
    queryKey: ["limits", organization],
    queryFn: async ({ signal }) => {
      const limits: Limit[] = [];
      let cursor: string | null = null;
      do {
        const query = { limit: PAGE, ...(cursor ? { cursor } : {}) };
        const page: { data: Limit[]; next_cursor: string | null } = await unwrap(
          api.GET("/api/v1/organizations/{org}/limits", {
            params: { path: { org: organization }, query },
            signal,
          }),
        );
        limits.push(...page.data);
        cursor = page.next_cursor;
      } while (cursor);
      return limits;
    },
  });
}
