import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { ConnectionSettings } from "@/api/types";

export interface NewConnection {
  slug: string;
  provider: string;
  base_url?: string;
  settings?: ConnectionSettings;
  credential?: string;
}

export function useCreateConnection(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewConnection) =>
      unwrap(api.POST("/api/v1/projects/{project}/connections", { params: { path: { project } }, body })),
    // A credential is not kept for longer than the dialog is there.
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: ["connections", project] }),
  });
}
