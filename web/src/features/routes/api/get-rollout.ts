import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrapTagged } from "@/api/problem";

/** The newest rollout of a route with the tag that a step of it must name. */
export function rolloutQuery(project: string, route: string) {
  return queryOptions({
    queryKey: ["route-rollout", project, route],
    queryFn: ({ signal }) =>
      unwrapTagged(
        api.GET("/api/v1/projects/{project}/routes/{route}/rollout", {
          params: { path: { project, route } },
          signal,
        }),
      ),
  });
}
