// The API leaves out buckets without requests; a chart over time needs every one of them.
import type { UsagePoint } from "@/api/types";
import type { Interval } from "@/lib/time-range";
import { type Grain, grainMs } from "./usage-search";

/** Start of every bucket that begins inside the interval. */
export function bucketStarts(interval: Interval, grain: Grain): string[] {
  const size = grainMs(grain);
  const end = Date.parse(interval.to);
  const starts: string[] = [];
  for (let at = Math.floor(Date.parse(interval.from) / size) * size; at < end; at += size) {
    starts.push(new Date(at).toISOString());
  }
  return starts;
}

/** One point per bucket: the one that was sent, or a counted zero. Points outside the buckets are left out. */
export function fillGaps(
  points: readonly UsagePoint[],
  starts: readonly string[],
  currency: string,
): UsagePoint[] {
  const sent = new Map(points.map((point) => [Date.parse(point.at), point]));
  return starts.map((at) => sent.get(Date.parse(at)) ?? emptyPoint(at, currency));
}

function emptyPoint(at: string, currency: string): UsagePoint {
  return {
    at,
    requests: 0,
    errors: 0,
    input_tokens: 0,
    output_tokens: 0,
    cost: { amount: "0.000000000", currency },
  };
}
