import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { CreateBudget } from "@/api/types";

export function useCreateBudget(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: CreateBudget) =>
      unwrap(
        api.POST("/api/v1/organizations/{org}/budgets", { params: { path: { org: organization } }, body }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["budgets", organization] }),
  });
}
