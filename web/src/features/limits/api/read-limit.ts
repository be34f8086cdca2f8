import { api } from "@/api/client";
import { unwrapTagged } from "@/api/problem";

/** One limit with the tag that a change of it must name. */
export function readLimit(organization: string, limit: string, signal?: AbortSignal) {
  return unwrapTagged(
    api.GET("/api/v1/organizations/{org}/limits/{limit}", {
      params: { path: { org: organization, limit } },
      ...(signal ? { signal } : {}),
    }),
  );
}
