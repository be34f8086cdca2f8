import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

export function useDeleteConnection(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (connection: string) =>
      unwrap(
        api.DELETE("/api/v1/projects/{project}/connections/{connection}", {
          params: { path: { project, connection } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["connections", project] }),
  });
}
