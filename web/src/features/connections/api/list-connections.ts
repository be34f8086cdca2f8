import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

/** More connections than this in one project is not a case the dashboard serves. */
const ALL = 200;

export function connectionsQuery(project: string) {
  return queryOptions({
    queryKey: ["connections", project],
    queryFn: async ({ signal }) => {
      const params = { path: { project }, query: { limit: ALL } };
      const page = await unwrap(api.GET("/api/v1/projects/{project}/connections", { params, signal }));
      return page.data;
    },
  });
}
