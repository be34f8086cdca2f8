import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { UpdateBudget } from "@/api/types";
import { readBudget } from "./get-budget";

export interface BudgetChange {
  budget: string;
  change: UpdateBudget;
  /** Of the state the change is based on; another state is refused with 412. Left out: whatever is there now. */
  etag?: string;
}

export function useUpdateBudget(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ budget, change, etag }: BudgetChange) =>
      unwrap(
        api.PATCH("/api/v1/organizations/{org}/budgets/{budget}", {
          params: {
            path: { org: organization, budget },
            header: { "If-Match": etag ?? (await readBudget(organization, budget)).etag },
          },
          body: change,
        }),
      ),
    onSuccess: (_, { budget }) =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["budgets", organization] }),
        client.invalidateQueries({ queryKey: ["budget", organization, budget] }),
        client.invalidateQueries({ queryKey: ["budget-windows", organization, budget] }),
      ]),
  });
}
