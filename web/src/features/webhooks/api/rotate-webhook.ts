import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

export function useRotateWebhook(organization: string, webhook: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (overlap_seconds: number) =>
      unwrap(
        api.POST("/api/v1/organizations/{org}/webhooks/{webhook}/rotate", {
          params: { path: { org: organization, webhook } },
          body: { overlap_seconds },
        }),
      ),
    // The secret must not outlive the dialog that shows it.
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: ["webhook", organization, webhook] }),
  });
}
