import { type QueryClient, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap, unwrapTagged } from "@/api/problem";
import { readAll } from "@/api/read-all";
import type { StateFacts } from "@/api/types";

/** Everything that an organization states; the API bounds how much. */
export function statementsQuery(organization: string) {
  return queryOptions({
    queryKey: ["fact-statements", organization],
    queryFn: ({ signal }) =>
      readAll((query) =>
        unwrap(
          api.GET("/api/v1/organizations/{org}/facts", {
            params: { path: { org: organization }, query },
            signal,
          }),
        ),
      ),
  });
}

export function useStateFacts(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: StateFacts) =>
      unwrap(
        api.POST("/api/v1/organizations/{org}/facts", { params: { path: { org: organization } }, body }),
      ),
    onSuccess: () => forget(client, organization),
  });
}

/** Takes a statement back. Statements never change, so the state that is there is the one that was seen. */
export function useWithdrawStatement(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (statement: string) => {
      const path = { org: organization, statement };
      const { etag } = await unwrapTagged(
        api.GET("/api/v1/organizations/{org}/facts/{statement}", { params: { path } }),
      );
      return unwrap(
        api.DELETE("/api/v1/organizations/{org}/facts/{statement}", {
          params: { path, header: { "If-Match": etag } },
        }),
      );
    },
    onSuccess: () => forget(client, organization),
  });
}

function forget(client: QueryClient, organization: string) {
  return Promise.all([
    client.invalidateQueries({ queryKey: ["fact-statements", organization] }),
    client.invalidateQueries({ queryKey: ["model-facts", organization] }),
  ]);
}
