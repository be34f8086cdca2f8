import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

export function useCreateTopUp(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (amount: string) =>
      unwrap(
        api.POST("/api/v1/organizations/{org}/top-ups", {
          params: { path: { org: organization } },
          body: { amount: { amount } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["top-ups", organization] }),
  });
}
