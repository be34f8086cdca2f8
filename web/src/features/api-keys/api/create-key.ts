import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

export interface NewKey {
  name: string;
  expires_at: string | null;
  allowed_models: string[];
}

export function useCreateKey(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewKey) =>
      unwrap(api.POST("/api/v1/projects/{project}/keys", { params: { path: { project } }, body })),
    // The secret must not outlive the dialog that shows it.
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: ["keys", project] }),
  });
}
