import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { type Preset, resolveRange } from "@/lib/time-range";
import type { RequestsSearch } from "../lib/filters";

const PAGE = 50;
const LIVE_MS = 5_000;
export const DEFAULT_RANGE: Preset = "24h";

/** Newest first. The first page renews itself; a reader who loaded more is left in peace. */
export function requestsQuery(project: string, search: RequestsSearch) {
  const { request: _open, ...filters } = search;
  return infiniteQueryOptions({
    queryKey: ["requests", project, filters],
    queryFn: ({ pageParam, signal }) => {
      const interval = resolveRange(filters, DEFAULT_RANGE, Date.now());
      const query = {
        limit: PAGE,
        from: interval.from,
        // A preset has no end: requests that start while the page is open belong to it.
        ...(filters.to ? { to: interval.to } : {}),
        ...(filters.status ? { status: filters.status } : {}),
        ...(filters.model ? { model: filters.model } : {}),
        ...(filters.key ? { key: filters.key } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return unwrap(
        api.GET("/api/v1/projects/{project}/requests", { params: { path: { project }, query }, signal }),
      );
    },
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.next_cursor : null),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data && query.state.data.pages.length > 1 ? false : LIVE_MS),
  });
}
