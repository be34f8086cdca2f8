import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { resolveRange } from "@/lib/time-range";
import { alignInterval, chooseGrain, DEFAULT_RANGE, type UsageSearch } from "../lib/usage-search";

const LIVE_MS = 10_000;

/** Usage with the interval and grain it was asked for, so that a chart never mixes an old answer with a new range. */
export function usageQuery(project: string, search: UsageSearch) {
  const { range, from, to, group } = search;
  const grain = chooseGrain(search);
  return queryOptions({
    queryKey: ["usage", project, { range, from, to, group, grain }],
    queryFn: async ({ signal }) => {
      const interval = alignInterval(resolveRange(search, DEFAULT_RANGE, Date.now()), grain);
      const query = { from: interval.from, to: interval.to, grain, group_by: group ?? "none" };
      const usage = await unwrap(
        api.GET("/api/v1/projects/{project}/usage", { params: { path: { project }, query }, signal }),
      );
      return { usage, interval, grain };
    },
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });
}
