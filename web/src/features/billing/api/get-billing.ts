import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { asProblem, unwrap } from "@/api/problem";
import type { Billing } from "@/api/types";

const LIVE_MS = 15_000;

/** The balance of an organization; null where the deployment bills nobody. */
export function billingQuery(organization: string) {
  return queryOptions({
    queryKey: ["billing", organization],
    queryFn: async ({ signal }): Promise<Billing | null> => {
      try {
        return await unwrap(
          api.GET("/api/v1/organizations/{org}/billing", { params: { path: { org: organization } }, signal }),
        );
      } catch (error) {
        if (asProblem(error).code === "self_hosted_mode") return null;
        throw error;
      }
    },
    // A deployment does not change its mind while somebody looks.
    refetchInterval: ({ state }) => (state.data === null ? false : LIVE_MS),
  });
}
