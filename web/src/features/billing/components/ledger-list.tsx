import { useInfiniteQuery } from "@tanstack/react-query";
import type { LedgerTransfer } from "@/api/types";
import { type Column, DataTable } from "@/components/ui/data-table";
import { plural } from "@/lib/format";
import { formatMoneyExact } from "@/lib/money";
import { formatMoment, formatUtc } from "@/lib/time";
import { ledgerQuery } from "../api/list-ledger";
import { changeWords, transferWords } from "../lib/transfer-words";
import { PagedCard } from "./paged-card";
import styles from "./tables.module.css";

const COLUMNS: Column<LedgerTransfer>[] = [
  {
    id: "type",
    header: "Type",
    card: "lead",
    cell: (row) => {
      const { word, hint } = transferWords(row.type);
      return (
        <span className={styles["stacked"]}>
          <span className={styles["name"]}>{word}</span>
          <span className={styles["muted"]}>{hint}</span>
        </span>
      );
    },
  },
  {
    id: "at",
    header: "When",
    cell: (row) => <time title={formatUtc(row.created_at)}>{formatMoment(row.created_at)}</time>,
  },
  { id: "for", header: "For", cell: (row) => <Cause row={row} /> },
  { id: "amount", header: "Amount", align: "end", card: "end", cell: (row) => changeWords(row.amount) },
  {
    id: "held",
    header: "Held",
    align: "end",
    card: "labelled",
    cell: (row) => changeWords(row.held_change),
  },
  {
    id: "balance",
    header: "Balance after",
    align: "end",
    card: "labelled",
    cell: (row) => formatMoneyExact(row.balance_after),
  },
];

/** The ledger: what moved money, newest first. Nothing in it is ever changed. */
export function LedgerList({ organization }: { organization: string }) {
  const ledger = useInfiniteQuery(ledgerQuery(organization));
  return (
    <PagedCard
      query={ledger}
      noun="transfer"
      empty={{ title: "Nothing has moved yet", text: "Top-ups, charges and refunds appear here." }}
    >
      {(rows) => <DataTable label="Ledger" columns={COLUMNS} rows={rows} rowKey={(row) => row.id} />}
    </PagedCard>
  );
}

function Cause({ row }: { row: LedgerTransfer }) {
  if (row.request_id) {
    return (
      <code className={styles["id"]} title={row.request_id}>
        {row.request_id}
      </code>
    );
  }
  if (row.requests > 0) return <>{plural(row.requests, "request")}</>;
  return row.reference ? <code>{row.reference}</code> : null;
}
