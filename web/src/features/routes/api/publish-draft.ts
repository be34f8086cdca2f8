import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { forgetText } from "../lib/draft-texts";
import { forgetPublished } from "./save-route";

/** Publishes the draft that was looked at, as the next version. */
export function usePublishDraft(project: string, route: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ etag, message }: { etag: string; message: string }) =>
      unwrap(
        api.POST("/api/v1/projects/{project}/routes/{route}/draft/publish", {
          params: { path: { project, route }, header: { "If-Match": etag } },
          body: { message },
        }),
      ),
    onSuccess: () => {
      forgetText(route);
      return Promise.all([
        forgetPublished(client, project, route),
        client.invalidateQueries({ queryKey: ["route-drafts", project] }),
      ]);
    },
  });
}
