import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { CreateLimit } from "@/api/types";

export function useCreateLimit(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: CreateLimit) =>
      unwrap(
        api.POST("/api/v1/organizations/{org}/limits", { params: { path: { org: organization } }, body }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["limits", organization] }),
  });
}
