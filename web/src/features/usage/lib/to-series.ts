// From the usage answer to what a chart and its table draw: named series over the same buckets.
import type { Money, Usage, UsagePoint } from "@/api/types";
import { formatInteger } from "@/lib/format";
import { formatMoneyExact, sumMoney, toApproximateNumber } from "@/lib/money";
import { assignColors, OTHER_COLOR } from "@/lib/series-colors";
import type { Interval } from "@/lib/time-range";
import { bucketStarts, fillGaps } from "./fill-gaps";
import type { Grain, Metric } from "./usage-search";

/** A colour reader can tell six apart; the rest is summed as "Other". */
const MOST_SERIES = 6;

export interface ChartSeries {
  id: string;
  label: string;
  color: string;
  /** For heights. */
  values: number[];
  /** For reading: exact, formatted. */
  texts: string[];
  total: string;
  totalValue: number;
}

export interface ChartData {
  starts: string[];
  series: ChartSeries[];
}

interface Named {
  id: string;
  label: string;
  color: string;
  points: UsagePoint[];
}

export function toChartData(usage: Usage, interval: Interval, grain: Grain, metric: Metric): ChartData {
  const starts = bucketStarts(interval, grain);
  const currency = usage.totals.cost.currency;
  const fill = (points: readonly UsagePoint[]) => fillGaps(points, starts, currency);
  const grouped = usage.series.filter(({ group }) => group);
  if (grouped.length === 0) {
    const points = fill(usage.series[0]?.points ?? []);
    return { starts, series: wholeSeries(points, metric) };
  }
  const colors = assignColors(grouped.map(({ group }) => group?.id ?? ""));
  const named = grouped.map(({ group, points }) => ({
    id: group?.id ?? "",
    label: group?.label ?? "",
    color: colors.get(group?.id ?? "") ?? OTHER_COLOR,
    points: fill(points),
  }));
  const series = named.map((one) => measure(one, metric)).sort((a, b) => b.totalValue - a.totalValue);
  if (series.length <= MOST_SERIES) return { starts, series };
  const kept = series.slice(0, MOST_SERIES - 1);
  const keptColors = assignColors(kept.map(({ id }) => id));
  const rest = named.filter(({ id }) => !keptColors.has(id));
  const other = measure(
    { id: "other", label: "Other", color: OTHER_COLOR, points: addUp(rest, starts) },
    metric,
  );
  return {
    starts,
    series: [...kept.map((one) => ({ ...one, color: keptColors.get(one.id) ?? one.color })), other],
  };
}

function wholeSeries(points: UsagePoint[], metric: Metric): ChartSeries[] {
  switch (metric) {
    case "spend":
      return [measure({ id: "spend", label: "Spend", color: "var(--series-1)", points }, metric)];
    case "requests":
      return [
        countSeries("served", "Served", "var(--series-1)", points, (point) => point.requests - point.errors),
        countSeries("errors", "Errors", "var(--bad)", points, (point) => point.errors),
      ];
    case "tokens":
      return [
        countSeries("input", "Input", "var(--series-1)", points, (point) => point.input_tokens),
        countSeries("output", "Output", "var(--series-3)", points, (point) => point.output_tokens),
      ];
  }
}

function measure({ id, label, color, points }: Named, metric: Metric): ChartSeries {
  if (metric === "requests") return countSeries(id, label, color, points, (point) => point.requests);
  if (metric === "tokens") {
    return countSeries(id, label, color, points, (point) => point.input_tokens + point.output_tokens);
  }
  const total = sumMoney(points.map(({ cost }) => cost));
  return {
    id,
    label,
    color,
    values: points.map(({ cost }) => toApproximateNumber(cost)),
    texts: points.map(({ cost }) => formatMoneyExact(cost)),
    total: formatMoneyExact(total),
    totalValue: toApproximateNumber(total),
  };
}

function countSeries(
  id: string,
  label: string,
  color: string,
  points: readonly UsagePoint[],
  count: (point: UsagePoint) => number,
): ChartSeries {
  const values = points.map(count);
  const totalValue = values.reduce((sum, value) => sum + value, 0);
  return {
    id,
    label,
    color,
    values,
    texts: values.map(formatInteger),
    total: formatInteger(totalValue),
    totalValue,
  };
}

function addUp(series: readonly Named[], starts: readonly string[]): UsagePoint[] {
  return starts.map((at, index) => {
    const points = series.flatMap(({ points: all }) => all[index] ?? []);
    const sum = (count: (point: UsagePoint) => number) =>
      points.reduce((total, point) => total + count(point), 0);
    return {
      at,
      requests: sum((point) => point.requests),
      errors: sum((point) => point.errors),
      input_tokens: sum((point) => point.input_tokens),
      output_tokens: sum((point) => point.output_tokens),
      cost: sumMoney(points.map(({ cost }): Money => cost)),
    };
  });
}
