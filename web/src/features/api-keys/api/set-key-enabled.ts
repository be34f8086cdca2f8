import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

export function useSetKeyEnabled(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ key, enabled }: { key: string; enabled: boolean }) => {
      const params = { path: { project, key } };
      return unwrap(
        enabled
          ? api.POST("/api/v1/projects/{project}/keys/{key}/enable", { params })
          : api.POST("/api/v1/projects/{project}/keys/{key}/disable", { params }),
      );
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["keys", project] }),
  });
}
