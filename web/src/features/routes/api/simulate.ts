import { infiniteQueryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { SimulateRoute } from "@/api/types";

/** What was asked: of which draft, from when, and how many requests at most. */
export interface Question {
  /** The draft's tag: another draft is another question. */
  etag: string;
  from: string;
  count: number;
}

const PAGE = 50;

/**
 * Requests of the past decided again. The first page has the summary; the next ones only more differences, of the same
 * requests. It is asked once: the same question later would be about other requests.
 */
export function simulationQuery(project: string, route: string, question: Question) {
  return infiniteQueryOptions({
    queryKey: ["route-simulation", project, route, question],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.POST("/api/v1/projects/{project}/routes/{route}/simulations", {
          params: { path: { project, route } },
          body: { count: question.count, differences: PAGE, ...pageParam },
          signal,
        }),
      ),
    initialPageParam: { from: question.from } as SimulateRoute,
    getNextPageParam: ({ window, next_after }): SimulateRoute | null =>
      next_after ? { ...window, after: next_after } : null,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
    retry: false,
  });
}
