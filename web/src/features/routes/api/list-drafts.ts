import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readAll } from "@/api/read-all";

/** The drafts of a project, without their documents: at most one for each route. */
export function draftsQuery(project: string) {
  return queryOptions({
    queryKey: ["route-drafts", project],
    queryFn: ({ signal }) =>
      readAll((query) =>
        unwrap(
          api.GET("/api/v1/projects/{project}/route-drafts", {
            params: { path: { project }, query },
            signal,
          }),
        ),
      ),
  });
}
