import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrapTagged } from "@/api/problem";

/** One route with the tag that a change of it must name. */
export function routeQuery(project: string, route: string) {
  return queryOptions({
    queryKey: ["route", project, route],
    queryFn: ({ signal }) => readRoute(project, route, signal),
  });
}

export function readRoute(project: string, route: string, signal?: AbortSignal) {
  return unwrapTagged(
    api.GET("/api/v1/projects/{project}/routes/{route}", {
      params: { path: { project, route } },
      ...(signal ? { signal } : {}),
    }),
  );
}
