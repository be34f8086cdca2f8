import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readAll } from "@/api/read-all";

export function webhooksQuery(organization: string) {
  return queryOptions({
    queryKey: ["webhooks", organization],
    queryFn: ({ signal }) =>
      readAll((query) =>
        unwrap(
          api.GET("/api/v1/organizations/{org}/webhooks", {
            params: { path: { org: organization }, query },
            signal,
          }),
        ),
      ),
  });
}
