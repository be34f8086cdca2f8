import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { forgetPublished } from "./save-route";

export interface RollBack {
  toVersion: number;
  /** Empty: none. */
  message: string;
  /** Of the version that is taken back, as it was looked at. */
  etag: string;
}

/** Publishes an older version again, as the next one. */
export function useRollBack(project: string, route: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ toVersion, message, etag }: RollBack) =>
      unwrap(
        api.POST("/api/v1/projects/{project}/routes/{route}/rollback", {
          params: { path: { project, route }, header: { "If-Match": etag } },
          body: { to_version: toVersion, ...(message ? { message } : {}) },
        }),
      ),
    onSuccess: () => forgetPublished(client, project, route),
  });
}
