// Constraints of an organization or a project: the same shape, at two addresses.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { type Tagged, unwrap, unwrapTagged } from "@/api/problem";
import type { Constraints, WriteConstraints } from "@/api/types";

export type Level = "organization" | "project";

export interface Holder {
  level: Level;
  id: string;
}

export function constraintsQuery(holder: Holder) {
  return queryOptions({
    queryKey: ["constraints", holder.level, holder.id],
    queryFn: ({ signal }) => readConstraints(holder, signal),
  });
}

export async function readConstraints(holder: Holder, signal: AbortSignal): Promise<Tagged<Constraints>> {
  const { value, etag } = await read(holder, signal);
  return { value: value.constraints, etag };
}

function read({ level, id }: Holder, signal: AbortSignal): Promise<Tagged<{ constraints: Constraints }>> {
  if (level === "organization") {
    return unwrapTagged(api.GET("/api/v1/organizations/{org}", { params: { path: { org: id } }, signal }));
  }
  return unwrapTagged(api.GET("/api/v1/projects/{project}", { params: { path: { project: id } }, signal }));
}

interface Change {
  constraints: WriteConstraints;
  /** Of the state the change is based on; another state is refused with 412. */
  etag: string;
}

/** Puts constraints in the place of those before. */
export function useSaveConstraints({ level, id }: Holder) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ constraints, etag }: Change): Promise<void> => {
      const header = { "If-Match": etag };
      const body = { constraints };
      if (level === "organization") {
        await unwrap(
          api.PATCH("/api/v1/organizations/{org}", { params: { path: { org: id }, header }, body }),
        );
      } else {
        await unwrap(
          api.PATCH("/api/v1/projects/{project}", { params: { path: { project: id }, header }, body }),
        );
      }
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["constraints", level, id] }),
  });
}
