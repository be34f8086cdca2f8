import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

export function useRevokeKey(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (key: string) =>
      unwrap(api.DELETE("/api/v1/projects/{project}/keys/{key}", { params: { path: { project, key } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["keys", project] }),
  });
}
