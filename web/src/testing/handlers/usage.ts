import type { RequestRecord, Usage, UsagePoint, UsageTotals } from "@/api/types";
import { groupBy } from "../../lib/group-by.ts";
import { fromNanos, toNanos } from "../../lib/money.ts";
import type { Mock } from "./call.ts";

const GRAIN_MS = { hour: 3_600_000, day: 86_400_000 };

function count(rows: readonly RequestRecord[]): UsageTotals {
  return {
    requests: rows.length,
    errors: rows.filter((row) => row.outcome !== "served").length,
    input_tokens: rows.reduce((sum, row) => sum + row.tokens.input, 0),
    output_tokens: rows.reduce((sum, row) => sum + row.tokens.output, 0),
    cost: fromNanos(
      rows.reduce((sum, row) => sum + (row.cost ? toNanos(row.cost) : 0n), 0n),
      "USD",
    ),
  };
}

function points(rows: readonly RequestRecord[], size: number): UsagePoint[] {
  const buckets = groupBy(rows, (row) => Math.floor(Date.parse(row.started_at) / size) * size);
  return [...buckets]
    .sort(([a], [b]) => a - b)
    .map(([at, inside]) => ({ at: new Date(at).toISOString(), ...count(inside) }));
}

export const usageMocks: Mock[] = [
  {
    method: "GET",
    path: "/projects/{project}/usage",
    handler: ({ world, now, query }) => {
      const from = Date.parse(query.get("from") ?? new Date(now - GRAIN_MS.day).toISOString());
      const to = Math.min(now, Date.parse(query.get("to") ?? new Date(now).toISOString()));
      const grain = query.get("grain") === "day" ? "day" : "hour";
      const by = query.get("group_by");
      const rows = world.requests.filter(({ started_at }) => {
        const at = Date.parse(started_at);
        return at >= from && at <= to;
      });
      const label = (row: RequestRecord) =>
        by === "key" ? (row.key?.name ?? "") : (row.model_served ?? row.model_requested);
      const id = (row: RequestRecord) => (by === "key" ? (row.key?.id ?? "") : label(row));
      const groups = by === "model" || by === "key" ? [...groupBy(rows, id)] : null;
      const body: Usage = {
        grain,
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        series: groups
          ? groups.map(([group, inside]) => ({
              group: { id: group, label: inside[0] ? label(inside[0]) : group },
              points: points(inside, GRAIN_MS[grain]),
            }))
          : [{ group: null, points: points(rows, GRAIN_MS[grain]) }],
        totals: count(rows),
      };
      return { status: 200, body };
    },
  },
];
