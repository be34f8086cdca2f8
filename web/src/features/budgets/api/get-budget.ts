import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrapTagged } from "@/api/problem";

/** One budget with the tag that a change of it must name. */
export function budgetQuery(organization: string, budget: string) {
  return queryOptions({
    queryKey: ["budget", organization, budget],
    queryFn: ({ signal }) => readBudget(organization, budget, signal),
  });
}

export function readBudget(organization: string, budget: string, signal?: AbortSignal) {
  return unwrapTagged(
    api.GET("/api/v1/organizations/{org}/budgets/{budget}", {
      params: { path: { org: organization, budget } },
      ...(signal ? { signal } : {}),
    }),
  );
}
