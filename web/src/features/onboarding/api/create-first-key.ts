import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const WEEK_MS = 7 * 86_400_000;

/** A short-lived key for trying out: it stops by itself after seven days. */
export function useCreateFirstKey(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{project}/keys", {
          params: { path: { project } },
          body: { name: "quickstart", expires_at: new Date(Date.now() + WEEK_MS).toISOString() },
        }),
      ),
    // The secret must not outlive the page that shows it.
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: ["keys", project] }),
  });
}
