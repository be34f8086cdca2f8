import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

export interface ConnectionChange {
  connection: string;
  change: { status?: "active" | "disabled"; credential?: string };
}

export function useUpdateConnection(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ connection, change }: ConnectionChange) =>
      unwrap(
        api.PATCH("/api/v1/projects/{project}/connections/{connection}", {
          params: { path: { project, connection } },
          body: change,
        }),
      ),
    // A credential is not kept for longer than the dialog is there.
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: ["connections", project] }),
  });
}
