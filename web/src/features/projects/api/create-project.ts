import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

export function useCreateProject() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { organization: string; name: string }) =>
      unwrap(api.POST("/api/v1/projects", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["me"] }),
  });
}
