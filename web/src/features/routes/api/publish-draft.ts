import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { WriteRouteRollout } from "@/api/types";
import { forgetText } from "../lib/draft-texts";
import { forgetPublished } from "./save-route";

export interface Publication {
  /** Of the draft that was looked at. */
  etag: string;
  message: string;
  /** Null: at once. */
  rollout: WriteRouteRollout | null;
}

/** Publishes a draft as the next version, at once or in stages. */
export function usePublishDraft(project: string, route: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ etag, message, rollout }: Publication) =>
      unwrap(
        api.POST("/api/v1/projects/{project}/routes/{route}/draft/publish", {
          params: { path: { project, route }, header: { "If-Match": etag } },
          body: { message, ...(rollout ? { rollout } : {}) },
        }),
      ),
    onSuccess: () => {
      forgetText(route);
      return Promise.all([
        forgetPublished(client, project, route),
        client.invalidateQueries({ queryKey: ["route-drafts", project] }),
        client.invalidateQueries({ queryKey: ["route-rollout", project, route] }),
      ]);
    },
  });
}
