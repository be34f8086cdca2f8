// Bars over time, stacked by series. Data arrives ready: values for heights, texts for reading.
import {
  Bar,
  BarChart,
  CartesianGrid,
  Rectangle,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import { ChartTooltip } from "./chart-tooltip";

export interface StackedSeries {
  id: string;
  label: string;
  color: string;
  values: readonly number[];
  texts: readonly string[];
}

export interface StackedBarsProps {
  /** What the chart shows, in a few words. */
  label: string;
  buckets: readonly { axis: string; full: string }[];
  series: readonly StackedSeries[];
  formatAxis: (value: number) => string;
  /** The last bucket is still being filled, and is drawn hatched. */
  lastIncomplete: boolean;
  /** A level to hold the bars against, drawn across them. */
  mark?: { value: number; label: string };
}

interface BarShapeProps {
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  index?: number;
}

const HEIGHT = 260;

export function StackedBars({ label, buckets, series, formatAxis, lastIncomplete, mark }: StackedBarsProps) {
  const rows = buckets.map((_, index) => ({
    index,
    ...Object.fromEntries(series.map(({ values }, at) => [`s${at}`, values[index] ?? 0])),
  }));
  const last = lastIncomplete ? buckets.length - 1 : -1;
  const isFlat = series.every(({ values }) => values.every((value) => value === 0));
  const tick = { fill: "var(--text-3)", fontSize: 12 };

  return (
    <figure aria-label={label} style={{ height: HEIGHT }}>
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 640, height: HEIGHT }}>
        <BarChart
          data={rows}
          margin={{ top: 8, right: 0, bottom: 0, left: 0 }}
          barCategoryGap="18%"
          title={label}
        >
          <defs>
            <pattern
              id="chart-hatch"
              width="5"
              height="5"
              patternUnits="userSpaceOnUse"
              patternTransform="rotate(45)"
            >
              <rect width="2.5" height="5" fill="var(--bg-surface)" fillOpacity="0.65" />
            </pattern>
          </defs>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="index"
            ticks={buckets.flatMap(({ axis }, index) => (axis ? [index] : []))}
            tickFormatter={(index: number) => buckets[index]?.axis ?? ""}
            tick={tick}
            tickLine={false}
            axisLine={{ stroke: "var(--line)" }}
            minTickGap={28}
          />
          <YAxis
            tick={tick}
            tickLine={false}
            axisLine={false}
            tickFormatter={formatAxis}
            width="auto"
            tickCount={5}
            // A scale for nothing would only be made up.
            {...(isFlat && !mark && { ticks: [0] })}
          />
          <Tooltip
            cursor={{ fill: "var(--text)", fillOpacity: 0.05 }}
            isAnimationActive={false}
            content={({ active, payload }) => {
              const index: unknown = payload?.[0]?.payload?.index;
              if (!active || typeof index !== "number") return null;
              return (
                <ChartTooltip
                  title={buckets[index]?.full ?? ""}
                  series={series}
                  index={index}
                  open={index === last}
                />
              );
            }}
          />
          {series.map(({ id, color }, at) => (
            <Bar
              key={id}
              dataKey={`s${at}`}
              stackId="all"
              fill={color}
              isAnimationActive={false}
              maxBarSize={48}
              shape={({ x = 0, y = 0, width = 0, height = 0, index }: BarShapeProps) => (
                <g>
                  <Rectangle x={x} y={y} width={width} height={height} fill={color} />
                  {index === last && (
                    <Rectangle x={x} y={y} width={width} height={height} fill="url(#chart-hatch)" />
                  )}
                </g>
              )}
            />
          ))}
          {mark && (
            <ReferenceLine
              y={mark.value}
              ifOverflow="extendDomain"
              stroke="var(--text-3)"
              strokeDasharray="4 3"
              label={{ value: mark.label, position: "insideTopLeft", fill: "var(--text-2)", fontSize: 12 }}
            />
          )}
        </BarChart>
      </ResponsiveContainer>
    </figure>
  );
}
