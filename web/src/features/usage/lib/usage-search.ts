// What the usage page shows, read from and written to its URL.
import type { Money } from "@/api/types";
import { toNanos } from "@/lib/money";
import { type Interval, PRESETS, parseRange, type RangeSearch } from "@/lib/time-range";

export type Metric = "spend" | "requests" | "tokens";
export type Grain = "hour" | "day";
export type Group = "none" | "model" | "key";

export interface UsageSearch extends RangeSearch {
  metric?: Metric;
  grain?: Grain;
  group?: Group;
  view?: "table";
}

export const DEFAULT_RANGE = "24h";
const METRICS: readonly Metric[] = ["spend", "requests", "tokens"];
const GRAINS: readonly Grain[] = ["hour", "day"];
const GROUPS: readonly Group[] = ["none", "model", "key"];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** More bars than this cannot be told apart. */
const MOST_BARS = 170;

export function parseUsageSearch(search: Record<string, unknown>): UsageSearch {
  const metric = METRICS.find((value) => value === search["metric"]);
  const grain = GRAINS.find((value) => value === search["grain"]);
  const group = GROUPS.find((value) => value === search["group"]);
  return {
    ...parseRange(search),
    ...(metric ? { metric } : {}),
    ...(grain ? { grain } : {}),
    ...(group ? { group } : {}),
    ...(search["view"] === "table" ? { view: "table" as const } : {}),
  };
}

export function grainMs(grain: Grain): number {
  return grain === "hour" ? HOUR_MS : DAY_MS;
}

/** The grain asked for where it makes sense, else the one that gives a readable number of bars. */
export function chooseGrain(search: UsageSearch): Grain {
  const length = rangeLength(search);
  if (length / HOUR_MS > MOST_BARS) return "day";
  return search.grain ?? (length <= 2 * DAY_MS ? "hour" : "day");
}

export function allowsHours(search: UsageSearch): boolean {
  return rangeLength(search) / HOUR_MS <= MOST_BARS;
}

/** Buckets start on whole hours or whole UTC days, so the first one is never cut. */
export function alignInterval(interval: Interval, grain: Grain): Interval {
  const size = grainMs(grain);
  return {
    from: new Date(Math.floor(Date.parse(interval.from) / size) * size).toISOString(),
    to: interval.to,
  };
}

function rangeLength({ range, from, to }: UsageSearch): number {
  if (from && to) return Date.parse(to) - Date.parse(from);
  return PRESETS[range ?? DEFAULT_RANGE].milliseconds;
}

/** What is drawn: calls that cost nothing would draw an empty chart of their spend. */
export function chooseMetric(search: UsageSearch, cost: Money | undefined): Metric {
  const isFree = cost !== undefined && toNanos(cost) === 0n;
  return search.metric ?? (isFree ? "requests" : "spend");
}
