import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { forgetText } from "../lib/draft-texts";

/** Discards the draft that was looked at; a route that was never published goes with it. */
export function useDiscardDraft(project: string, route: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (etag: string) =>
      unwrap(
        api.DELETE("/api/v1/projects/{project}/routes/{route}/draft", {
          params: { path: { project, route }, header: { "If-Match": etag } },
        }),
      ),
    onSuccess: () => {
      forgetText(route);
      return client.invalidateQueries({ queryKey: ["route-drafts", project] });
    },
  });
}
