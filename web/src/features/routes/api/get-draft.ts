import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrapTagged } from "@/api/problem";

/** The draft of a route with the tag that a change of it must name. It is read once, while somebody types over it. */
export function draftQuery(project: string, route: string) {
  return queryOptions({
    queryKey: ["route-draft", project, route],
    queryFn: ({ signal }) => readDraft(project, route, signal),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
  });
}

export function readDraft(project: string, route: string, signal?: AbortSignal) {
  return unwrapTagged(
    api.GET("/api/v1/projects/{project}/routes/{route}/draft", {
      params: { path: { project, route } },
      ...(signal ? { signal } : {}),
    }),
  );
}
