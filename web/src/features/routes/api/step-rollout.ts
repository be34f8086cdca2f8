import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrapTagged } from "@/api/problem";
import { rolloutQuery } from "./get-rollout";
import { forgetPublished } from "./save-route";

/** Steps that decide by which version people are served. */
export type GraveStep = "resume" | "complete" | "abort";
export type RolloutStep = "advance" | "halt" | GraveStep;

const PATHS = {
  advance: "/api/v1/projects/{project}/routes/{route}/rollout/advance",
  halt: "/api/v1/projects/{project}/routes/{route}/rollout/halt",
  resume: "/api/v1/projects/{project}/routes/{route}/rollout/resume",
  complete: "/api/v1/projects/{project}/routes/{route}/rollout/complete",
  abort: "/api/v1/projects/{project}/routes/{route}/rollout/abort",
} as const;

/** Does a step of the rollout that was looked at, and keeps how it stands after it. */
export function useStepRollout(project: string, route: string) {
  const client = useQueryClient();
  const { queryKey } = rolloutQuery(project, route);
  return useMutation({
    mutationFn: ({ step, etag }: { step: RolloutStep; etag: string }) =>
      unwrapTagged(
        api.POST(PATHS[step], { params: { path: { project, route }, header: { "If-Match": etag } } }),
      ),
    onSuccess: (rollout) => {
      client.setQueryData(queryKey, rollout);
      return forgetPublished(client, project, route);
    },
    // Somebody, or what the versions did, was faster: the page then says how it stands.
    onError: () => client.invalidateQueries({ queryKey }),
  });
}
