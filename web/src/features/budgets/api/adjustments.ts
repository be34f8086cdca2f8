// Adjustments of the window that is open: what may be spent in it beside the limit of the budget.
import { infiniteQueryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 20;

/** The adjustments of all windows, newest first. */
export function adjustmentsQuery(organization: string, budget: string) {
  return infiniteQueryOptions({
    queryKey: ["budget-adjustments", organization, budget],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/organizations/{org}/budgets/{budget}/adjustments", {
          params: {
            path: { org: organization, budget },
            query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
  });
}

interface Adjustment {
  /** Decimal; below zero for less. */
  amount: string;
  reason: string;
  /** Whose share of a budget that everybody has alone; null: everybody's. */
  partition: string | null;
}

export function useAdjustBudget(organization: string, budget: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ amount, reason, partition }: Adjustment) =>
      unwrap(
        api.POST("/api/v1/organizations/{org}/budgets/{budget}/adjustments", {
          params: { path: { org: organization, budget } },
          body: { amount: { amount }, reason, partition },
        }),
      ),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["budgets", organization] }),
        client.invalidateQueries({ queryKey: ["budget", organization, budget] }),
        client.invalidateQueries({ queryKey: ["budget-adjustments", organization, budget] }),
      ]),
  });
}
