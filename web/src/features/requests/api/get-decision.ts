import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { ProblemError, unwrap } from "@/api/problem";

/** Null for a request that was refused before anything was decided. */
export function decisionQuery(project: string, request: string) {
  return queryOptions({
    queryKey: ["request-decision", project, request],
    queryFn: async ({ signal }) => {
      try {
        return await unwrap(
          api.GET("/api/v1/projects/{project}/requests/{request}/decision", {
            params: { path: { project, request } },
            signal,
          }),
        );
      } catch (error) {
        if (error instanceof ProblemError && error.code === "not_found") return null;
        throw error;
      }
    },
    staleTime: 30_000,
  });
}
