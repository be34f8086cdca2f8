import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

export function requestQuery(project: string, request: string) {
  return queryOptions({
    queryKey: ["request", project, request],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project}/requests/{request}", {
          params: { path: { project, request } },
          signal,
        }),
      ),
    staleTime: 30_000,
  });
}
