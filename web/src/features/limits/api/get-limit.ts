import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrapTagged } from "@/api/problem";

/** One limit with the tag that a change of it must name. */
export function limitQuery(organization: string, limit: string) {
  return queryOptions({
    queryKey: ["limit", organization, limit],
    queryFn: ({ signal }) => readLimit(organization, limit, signal),
  });
}

export function readLimit(organization: string, limit: string, signal?: AbortSignal) {
  return unwrapTagged(
    api.GET("/api/v1/organizations/{org}/limits/{limit}", {
      params: { path: { org: organization, limit } },
      ...(signal ? { signal } : {}),
    }),
  );
}
