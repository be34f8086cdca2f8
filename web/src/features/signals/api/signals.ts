import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readAll } from "@/api/read-all";

const LIVE_MS = 10_000;

/** The signals of a project; the API allows a hundred. */
export function signalsQuery(project: string) {
  return queryOptions({
    queryKey: ["signals", project],
    queryFn: ({ signal }) =>
      readAll((query) =>
        unwrap(
          api.GET("/api/v1/projects/{project}/signals", { params: { path: { project }, query }, signal }),
        ),
      ),
    refetchInterval: LIVE_MS,
  });
}

export function useDeleteSignal(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      unwrap(
        api.DELETE("/api/v1/projects/{project}/signals/{signal}", {
          params: { path: { project, signal: name } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["signals", project] }),
  });
}
