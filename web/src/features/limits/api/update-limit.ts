import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { UpdateLimit } from "@/api/types";
import { readLimit } from "./read-limit";

export interface LimitChange {
  limit: string;
  change: UpdateLimit;
  /** Of the state the change is based on; another state is refused with 412. Left out: whatever is there now. */
  etag?: string;
}

export function useUpdateLimit(organization: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ limit, change, etag }: LimitChange) =>
      unwrap(
        api.PATCH("/api/v1/organizations/{org}/limits/{limit}", {
          params: {
            path: { org: organization, limit },
            header: { "If-Match": etag ?? (await readLimit(organization, limit)).etag },
          },
          body: change,
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["limits", organization] }),
  });
}
