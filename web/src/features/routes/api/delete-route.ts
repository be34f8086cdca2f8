import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { forget } from "./save-route";

/** Deletes a route at the version that was shown: who deletes should have seen what. */
export function useDeleteRoute(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ route, etag }: { route: string; etag: string }) =>
      unwrap(
        api.DELETE("/api/v1/projects/{project}/routes/{route}", {
          params: { path: { project, route }, header: { "If-Match": etag } },
        }),
      ),
    onSuccess: () => forget(client, project),
  });
}
