import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readAll } from "@/api/read-all";

/** Every rate limit of an organization; the API allows a thousand. */
export function limitsQuery(organization: string) {
  return queryOptions({
    queryKey: ["limits", organization],
    queryFn: ({ signal }) =>
      readAll((query) =>
        unwrap(
          api.GET("/api/v1/organizations/{org}/limits", {
            params: { path: { org: organization }, query },
            signal,
          }),
        ),
      ),
  });
}
