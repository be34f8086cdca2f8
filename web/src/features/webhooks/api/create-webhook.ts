import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { CreateWebhook } from "@/api/types";

/** The answer has the secret; it stays out of the cache of queries. */
export function useCreateWebhook(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: CreateWebhook) =>
      unwrap(
        api.POST("/api/v1/organizations/{org}/webhooks", { params: { path: { org: organization } }, body }),
      ),
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: ["webhooks", organization] }),
  });
}
