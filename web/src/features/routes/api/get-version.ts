import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

/** One version of a route, which never changes. */
export function versionOfRouteQuery(project: string, route: string, version: number) {
  return queryOptions({
    queryKey: ["route-version", project, route, version, "document"],
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
