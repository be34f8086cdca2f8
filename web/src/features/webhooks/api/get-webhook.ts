import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrapTagged } from "@/api/problem";

/** One webhook with the tag that a change of it must name. */
export function webhookQuery(organization: string, webhook: string) {
  return queryOptions({
    queryKey: ["webhook", organization, webhook],
    queryFn: ({ signal }) => readWebhook(organization, webhook, signal),
  });
}

export function readWebhook(organization: string, webhook: string, signal?: AbortSignal) {
  return unwrapTagged(
    api.GET("/api/v1/organizations/{org}/webhooks/{webhook}", {
      params: { path: { org: organization, webhook } },
      ...(signal ? { signal } : {}),
    }),
  );
}
