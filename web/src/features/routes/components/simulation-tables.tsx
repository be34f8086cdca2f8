// The plots of a simulation as numbers.
import type { MixShare, RouteSimulation } from "@/api/types";
import { type Column, DataTable } from "@/components/ui/data-table";
import { formatDuration, formatInteger } from "@/lib/format";
import { formatMoneyExact } from "@/lib/money";
import { endpointKey, endpointName, signedDuration, signedMoneyExact } from "../lib/simulation-words";

interface TableProps {
  simulation: RouteSimulation;
  names: { before: string; after: string };
}

interface TotalRow {
  name: string;
  requests: number;
  before: string;
  after: string;
  change: string;
}

const UNKNOWN = "not known";

export function TotalsTable({ simulation: { cost, ttft }, names }: TableProps) {
  const { published_ms: before, proposed_ms: after } = ttft;
  const isTimed = before !== null && after !== null;
  const rows: TotalRow[] = [
    {
      name: "Cost",
      requests: cost.requests,
      before: cost.requests > 0 ? formatMoneyExact(cost.published) : UNKNOWN,
      after: cost.requests > 0 ? formatMoneyExact(cost.proposed) : UNKNOWN,
      change: cost.requests > 0 ? signedMoneyExact(cost.change) : "",
    },
    {
      name: "Mean time to first byte",
      requests: ttft.requests,
      before: isTimed ? formatDuration(before) : UNKNOWN,
      after: isTimed ? formatDuration(after) : UNKNOWN,
      change: isTimed ? signedDuration(after - before) : "",
    },
  ];
  const columns: Column<TotalRow>[] = [
    { id: "name", header: "Of all", card: "lead", cell: (row) => row.name },
    { id: "before", header: names.before, align: "end", card: "labelled", cell: (row) => row.before },
    { id: "after", header: names.after, align: "end", card: "labelled", cell: (row) => row.after },
    { id: "change", header: "Change", align: "end", card: "end", cell: (row) => row.change },
    {
      id: "requests",
      header: "Known for",
      align: "end",
      card: "labelled",
      cell: (row) => formatInteger(row.requests),
    },
  ];
  return <DataTable label="Cost and time" columns={columns} rows={rows} rowKey={({ name }) => name} />;
}

export function MixTable({
  simulation,
  names,
  connections,
}: TableProps & { connections: ReadonlyMap<string, string> }) {
  const columns: Column<MixShare>[] = [
    {
      id: "endpoint",
      header: "Goes first to",
      card: "wide",
      cell: (row) => endpointName(row, connections),
    },
    {
      id: "before",
      header: names.before,
      align: "end",
      card: "labelled",
      cell: (row) => formatInteger(row.published),
    },
    {
      id: "after",
      header: names.after,
      align: "end",
      card: "labelled",
      cell: (row) => formatInteger(row.proposed),
    },
    {
      id: "ttft",
      header: "First byte there",
      align: "end",
      card: "labelled",
      cell: (row) => (row.ttft_ms === null ? UNKNOWN : formatDuration(row.ttft_ms)),
    },
  ];
  return (
    <DataTable
      label="Where requests go first"
      columns={columns}
      rows={simulation.mix}
      rowKey={(row) => endpointKey(row)}
    />
  );
}
