import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

export function useRotateKey(project: string, key: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (overlap_seconds: number) =>
      unwrap(
        api.POST("/api/v1/projects/{project}/keys/{key}/rotate", {
          params: { path: { project, key } },
          body: { overlap_seconds },
        }),
      ),
    // The secret must not outlive the dialog that shows it.
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: ["keys", project] }),
  });
}
