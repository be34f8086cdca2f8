import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readAll } from "@/api/read-all";

export function routesQuery(project: string) {
  return queryOptions({
    queryKey: ["routes", project],
    queryFn: ({ signal }) =>
      readAll((query) =>
        unwrap(
          api.GET("/api/v1/projects/{project}/routes", { params: { path: { project }, query }, signal }),
        ),
      ),
  });
}
