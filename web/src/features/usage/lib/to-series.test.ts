import { expect, test } from "vitest";
import type { Usage, UsagePoint } from "@/api/types";
import { bucketStarts, fillGaps } from "./fill-gaps";
import { toChartData } from "./to-series";

const interval = { from: "2026-11-22T10:20:00.000Z", to: "2026-11-22T13:30:00.000Z" };
const point = (at: string, nanos: number, requests = 1): UsagePoint => ({
  at,
  requests,
  errors: 0,
  input_tokens: 10,
  output_tokens: 5,
  cost: { amount: (nanos / 1e9).toFixed(9), currency: "USD" },
});
const usage = (series: Usage["series"]): Usage => ({
  grain: "hour",
  ...interval,
  series,
  totals: {
    requests: 0,
    errors: 0,
    input_tokens: 0,
    output_tokens: 0,
    cost: { amount: "0", currency: "USD" },
  },
});

test("buckets start on whole hours and cover the open one", () => {
  expect(bucketStarts(interval, "hour")).toEqual([
    "2026-11-22T10:00:00.000Z",
    "2026-11-22T11:00:00.000Z",
    "2026-11-22T12:00:00.000Z",
    "2026-11-22T13:00:00.000Z",
  ]);
  expect(bucketStarts(interval, "day")).toEqual(["2026-11-22T00:00:00.000Z"]);
});

test("a bucket nobody called in is a counted zero, and times match in any spelling", () => {
  const filled = fillGaps([point("2026-11-22T11:00:00Z", 7)], bucketStarts(interval, "hour"), "USD");
  expect(filled.map(({ requests }) => requests)).toEqual([0, 1, 0, 0]);
});

test("spend keeps every nano-dollar in its texts and totals", () => {
  const points = [point("2026-11-22T11:00:00Z", 412), point("2026-11-22T12:00:00Z", 1)];
  const { series } = toChartData(usage([{ group: null, points }]), interval, "hour", "spend");
  expect(series).toHaveLength(1);
  expect(series[0]?.texts).toEqual(["$0.00", "$0.000000412", "$0.000000001", "$0.00"]);
  expect(series[0]?.total).toBe("$0.000000413");
});

test("requests split into served and errors", () => {
  const points = [{ ...point("2026-11-22T11:00:00Z", 1, 5), errors: 2 }];
  const { series } = toChartData(usage([{ group: null, points }]), interval, "hour", "requests");
  expect(series.map(({ id, totalValue }) => [id, totalValue])).toEqual([
    ["served", 3],
    ["errors", 2],
  ]);
});

test("groups come biggest first, and from the seventh on they are one", () => {
  const groups = [1, 2, 3, 4, 5, 6, 7, 8].map((size) => ({
    group: { id: `m${size}`, label: `Model ${size}` },
    points: [point("2026-11-22T11:00:00Z", size, size)],
  }));
  const { series } = toChartData(usage(groups), interval, "hour", "requests");
  expect(series.map(({ label }) => label)).toEqual([
    "Model 8",
    "Model 7",
    "Model 6",
    "Model 5",
    "Model 4",
    "Other",
  ]);
  expect(series.at(-1)?.totalValue).toBe(1 + 2 + 3);
  expect(new Set(series.map(({ color }) => color)).size).toBe(6);
});

test("no traffic is an empty chart, not a broken one", () => {
  const { starts, series } = toChartData(usage([]), interval, "hour", "spend");
  expect(starts).toHaveLength(4);
  expect(series[0]?.total).toBe("$0.00");
});
