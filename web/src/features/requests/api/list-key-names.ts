import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

/** The keys to choose from in the filter. */
export function keyNamesQuery(project: string) {
  return queryOptions({
    queryKey: ["key-names", project],
    queryFn: async ({ signal }) => {
      const params = { path: { project }, query: { limit: 200 } };
      const page = await unwrap(api.GET("/api/v1/projects/{project}/keys", { params, signal }));
      return page.data.map(({ id, name }) => ({ id, name }));
    },
    staleTime: 60_000,
  });
}
