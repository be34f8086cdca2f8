import { useMutation } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { EvaluateBudgets } from "@/api/types";

/** Asks what all budgets over a call would say. Takes nothing from any of them. */
export function useEvaluation(organization: string) {
  return useMutation({
    mutationFn: (body: EvaluateBudgets) =>
      unwrap(
        api.POST("/api/v1/organizations/{org}/budget-evaluations", {
          params: { path: { org: organization } },
          body,
        }),
      ),
  });
}
