import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { DeriveKey } from "@/api/types";

export function useDeriveKey(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ parent, body }: { parent: string; body: DeriveKey }) =>
      unwrap(
        api.POST("/api/v1/projects/{project}/keys/{key}/derive", {
          params: { path: { project, key: parent } },
          body,
        }),
      ),
    // The secret must not outlive the dialog that shows it.
    gcTime: 0,
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["keys", project] }),
        // A spend cap is a budget.
        client.invalidateQueries({ queryKey: ["budgets"] }),
      ]),
  });
}
