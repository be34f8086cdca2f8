import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

/** Whether the project has ever had a request. */
export function hasTrafficQuery(project: string) {
  return queryOptions({
    queryKey: ["has-traffic", project],
    queryFn: async ({ signal }) => {
      const params = { path: { project }, query: { limit: 1 } };
      const page = await unwrap(api.GET("/api/v1/projects/{project}/requests", { params, signal }));
      return page.data.length > 0;
    },
    staleTime: 0,
  });
}
