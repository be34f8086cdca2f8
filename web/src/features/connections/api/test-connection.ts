import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

/** Asks the provider for its models with the stored credential. */
export function useTestConnection(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (connection: string) =>
      unwrap(
        api.POST("/api/v1/projects/{project}/connections/{connection}/test", {
          params: { path: { project, connection } },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ["connections", project] }),
  });
}
