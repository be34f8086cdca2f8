import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const PAGE = 50;

/** The versions of a route, newest first. */
export function versionsQuery(project: string, route: string) {
  return infiniteQueryOptions({
    queryKey: ["route-versions", project, route],
    queryFn: ({ pageParam, signal }) => readVersions(project, route, PAGE, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
  });
}

/** Who published what a route now is. */
export function newestVersionQuery(project: string, route: string, version: number) {
  return queryOptions({
    queryKey: ["route-version", project, route, version],
    queryFn: async ({ signal }) => (await readVersions(project, route, 1, "", signal)).data[0] ?? null,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

function readVersions(project: string, route: string, limit: number, cursor: string, signal: AbortSignal) {
  return unwrap(
    api.GET("/api/v1/projects/{project}/routes/{route}/versions", {
      params: { path: { project, route }, query: { limit, ...(cursor ? { cursor } : {}) } },
      signal,
    }),
  );
}
