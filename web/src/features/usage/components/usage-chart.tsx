import { LazyStackedBars } from "@/components/charts/lazy-stacked-bars";
import { formatCount } from "@/lib/format";
import { axisMoney } from "@/lib/money";
import type { Interval } from "@/lib/time-range";
import { axisLabel, fullLabel } from "../lib/bucket-label";
import type { ChartData } from "../lib/to-series";
import { type Grain, grainMs, type Metric } from "../lib/usage-search";

interface UsageChartProps {
  data: ChartData;
  metric: Metric;
  grain: Grain;
  interval: Interval;
  summary: string;
}

export function UsageChart({ data, metric, grain, interval, summary }: UsageChartProps) {
  const { starts, series } = data;
  const manyDays = starts.length > 30;
  const lastStart = starts.at(-1);
  const lastEnd = lastStart ? Date.parse(lastStart) + grainMs(grain) : 0;
  return (
    <LazyStackedBars
      label={summary}
      buckets={starts.map((at) => ({ axis: axisLabel(at, grain, manyDays), full: fullLabel(at, grain) }))}
      series={series}
      formatAxis={metric === "spend" ? axisMoney : formatCount}
      lastIncomplete={lastEnd > Date.parse(interval.to)}
    />
  );
}
