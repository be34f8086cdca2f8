import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrapTagged } from "@/api/problem";
import type { CreateRoute } from "@/api/types";
import { rememberText } from "../lib/draft-texts";
import { asYaml } from "./document";

/** Begins a draft of a route that does not exist yet. */
export function useBeginDraft(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (text: string) =>
      unwrapTagged(
        api.POST("/api/v1/projects/{project}/route-drafts", {
          params: { path: { project } },
          ...asYaml<CreateRoute>(text),
        }),
      ),
    onSuccess: ({ value, etag }, text) => {
      rememberText(value.route, { etag, text });
      return client.invalidateQueries({ queryKey: ["route-drafts", project] });
    },
  });
}

export interface DraftChange {
  text: string;
  /** Of the draft that is replaced; null: there is none. */
  etag: string | null;
  /** The published version that the text takes into account; left out: the one that it was begun from. */
  baseVersion?: number;
}

/** Writes the draft of a route, whole. */
export function useWriteDraft(project: string, route: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ text, etag, baseVersion }: DraftChange) =>
      unwrapTagged(
        api.PUT("/api/v1/projects/{project}/routes/{route}/draft", {
          params: {
            path: { project, route },
            header: etag === null ? {} : { "If-Match": etag },
            query: baseVersion === undefined ? {} : { base_version: baseVersion },
          },
          ...asYaml<CreateRoute>(text),
        }),
      ),
    onSuccess: ({ etag }, { text }) => {
      rememberText(route, { etag, text });
      return client.invalidateQueries({ queryKey: ["route-drafts", project] });
    },
  });
}
