import { Link } from "@tanstack/react-router";
import type { RequestRecord } from "@/api/types";
import { Amount } from "@/components/ui/amount";
import { type Column, DataTable } from "@/components/ui/data-table";
import { formatCount, formatDuration, formatInteger } from "@/lib/format";
import { formatMoment, formatUtc } from "@/lib/time";
import type { RequestsSearch } from "../lib/filters";
import styles from "./log-table.module.css";
import { AttemptDots, ModelPath } from "./model-path";
import { RequestStatus } from "./request-status";

interface LogTableProps {
  requests: readonly RequestRecord[];
  search: RequestsSearch;
  stale: boolean;
}

export function LogTable({ requests, search, stale }: LogTableProps) {
  const columns: Column<RequestRecord>[] = [
    {
      id: "time",
      header: "Time",
      cell: (row) => (
        <time dateTime={row.started_at} title={formatUtc(row.started_at)} className={styles["time"]}>
          {formatMoment(row.started_at)}
        </time>
      ),
    },
    { id: "status", header: "Status", card: "end", cell: (row) => <RequestStatus request={row} /> },
    {
      id: "model",
      header: "Model",
      card: "lead",
      grow: true,
      cell: (row) => (
        <>
          <Link
            to="."
            search={{ ...search, request: row.id }}
            className={styles["open"]}
            aria-label={`Request to ${row.model_requested} at ${formatMoment(row.started_at)}, status ${row.status}`}
          >
            <ModelPath request={row} />
          </Link>
          <AttemptDots request={row} />
        </>
      ),
    },
    {
      id: "key",
      header: "Key",
      cell: (row) => <span className={styles["second"]}>{row.key?.name ?? "none"}</span>,
    },
    {
      id: "tokens",
      header: "Tokens in / out",
      align: "end",
      card: "labelled",
      cell: (row) => (
        <span title={`${formatInteger(row.tokens.input)} in, ${formatInteger(row.tokens.output)} out`}>
          {formatCount(row.tokens.input)} / {formatCount(row.tokens.output)}
        </span>
      ),
    },
    {
      id: "cost",
      header: "Cost",
      align: "end",
      cell: (row) =>
        row.cost ? <Amount money={row.cost} exact /> : <span className={styles["none"]}>none</span>,
    },
    { id: "duration", header: "Duration", align: "end", cell: (row) => formatDuration(row.duration_ms) },
  ];
  return (
    <DataTable
      label="Requests"
      columns={columns}
      rows={requests}
      rowKey={(row) => row.id}
      selected={search.request}
      stale={stale}
    />
  );
}
