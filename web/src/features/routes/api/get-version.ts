import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

/** What one version of a route says, which never changes. What became of it does: the list tells that. */
export function versionOfRouteQuery(project: string, route: string, version: number) {
  return queryOptions({
    queryKey: ["route-version", project, route, version],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project}/routes/{route}/versions/{version}", {
          params: { path: { project, route, version } },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
