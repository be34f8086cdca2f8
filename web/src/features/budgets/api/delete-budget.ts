import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readBudget } from "./get-budget";

/** Deletes a budget as it now is: nothing that somebody may have changed meanwhile makes a difference. */
export function useDeleteBudget(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (budget: string) => {
      const { etag } = await readBudget(organization, budget);
      return unwrap(
        api.DELETE("/api/v1/organizations/{org}/budgets/{budget}", {
          params: { path: { org: organization, budget }, header: { "If-Match": etag } },
        }),
      );
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["budgets", organization] }),
  });
}
