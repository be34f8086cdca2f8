import { useMemo } from "react";
import { type Column, DataTable } from "@/components/ui/data-table";
import { fullLabel } from "../lib/bucket-label";
import type { ChartData } from "../lib/to-series";
import type { Grain } from "../lib/usage-search";

interface Row {
  at: string;
  index: number;
}

/** The chart as numbers, newest bucket first. */
export function UsageTable({ data, grain }: { data: ChartData; grain: Grain }) {
  const rows = useMemo(() => data.starts.map((at, index) => ({ at, index })).reverse(), [data.starts]);
  const columns: Column<Row>[] = [
    {
      id: "at",
      header: grain === "day" ? "Day (UTC)" : "Hour",
      card: "lead",
      cell: (row) => fullLabel(row.at, grain),
    },
    ...data.series.map(
      ({ id, label, texts }): Column<Row> => ({
        id,
        header: label,
        align: "end",
        card: "labelled",
        cell: (row) => texts[row.index],
      }),
    ),
  ];
  return <DataTable label="Usage over time" columns={columns} rows={rows} rowKey={(row) => row.at} />;
}
