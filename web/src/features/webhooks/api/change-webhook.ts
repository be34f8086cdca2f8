import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { UpdateWebhook } from "@/api/types";
import { readWebhook } from "./get-webhook";

interface WebhookChange {
  change: UpdateWebhook;
  /** Of the state the change is based on. Left out: whatever is there now. */
  etag?: string;
}

export function useUpdateWebhook(organization: string, webhook: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ change, etag }: WebhookChange) =>
      unwrap(
        api.PATCH("/api/v1/organizations/{org}/webhooks/{webhook}", {
          params: {
            path: { org: organization, webhook },
            header: { "If-Match": etag ?? (await readWebhook(organization, webhook)).etag },
          },
          body: change,
        }),
      ),
    onSuccess: () => forget(client, organization, webhook),
  });
}

/** Deletes a webhook as it now is: nothing that somebody may have changed meanwhile makes a difference. */
export function useDeleteWebhook(organization: string, webhook: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async () =>
      unwrap(
        api.DELETE("/api/v1/organizations/{org}/webhooks/{webhook}", {
          params: {
            path: { org: organization, webhook },
            header: { "If-Match": (await readWebhook(organization, webhook)).etag },
          },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["webhooks", organization] }),
  });
}

/** Sends one message now and says what came of it. */
export function useTestWebhook(organization: string, webhook: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/organizations/{org}/webhooks/{webhook}/test", {
          params: { path: { org: organization, webhook } },
        }),
      ),
    onSuccess: () => forget(client, organization, webhook),
  });
}

function forget(client: QueryClient, organization: string, webhook: string) {
  return Promise.all([
    client.invalidateQueries({ queryKey: ["webhooks", organization] }),
    client.invalidateQueries({ queryKey: ["webhook", organization, webhook] }),
    client.invalidateQueries({ queryKey: ["webhook-deliveries", organization, webhook] }),
  ]);
}
