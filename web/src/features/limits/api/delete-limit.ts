import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readLimit } from "./read-limit";

/** Deletes a limit as it now is: nothing that somebody may have changed meanwhile makes a difference. */
export function useDeleteLimit(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (limit: string) => {
      const { etag } = await readLimit(organization, limit);
      return unwrap(
        api.DELETE("/api/v1/organizations/{org}/limits/{limit}", {
          params: { path: { org: organization, limit }, header: { "If-Match": etag } },
        }),
      );
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["limits", organization] }),
  });
}
