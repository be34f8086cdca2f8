import { useInfiniteQuery } from "@tanstack/react-query";
import type { TopUp } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { buttonClass } from "@/components/ui/button";
import { type Column, DataTable } from "@/components/ui/data-table";
import { TimeAgo } from "@/components/ui/time-ago";
import { formatMoneyExact, toNanos } from "@/lib/money";
import { topUpsQuery } from "../api/list-top-ups";
import { topUpWords } from "../lib/transfer-words";
import { PagedCard } from "./paged-card";
import styles from "./tables.module.css";

const COLUMNS: Column<TopUp>[] = [
  {
    id: "amount",
    header: "Top-up",
    card: "lead",
    cell: (row) => (
      <span className={styles["stacked"]}>
        <span className={styles["name"]}>{formatMoneyExact(row.amount)}</span>
        <code className={styles["muted"]}>{row.payment ?? row.id}</code>
      </span>
    ),
  },
  {
    id: "status",
    header: "Status",
    card: "end",
    cell: (row) => {
      const { tone, word } = topUpWords(row.status);
      return <Badge tone={tone}>{word}</Badge>;
    },
  },
  { id: "created", header: "Asked for", card: "labelled", cell: (row) => <TimeAgo at={row.created_at} /> },
  {
    id: "refunded",
    header: "Paid back",
    align: "end",
    card: "labelled",
    cell: (row) => toNanos(row.refunded) > 0n && formatMoneyExact(row.refunded),
  },
  {
    id: "pay",
    header: "Payment",
    headerHidden: true,
    align: "end",
    cell: (row) => <PayLink topUp={row} />,
  },
];

/** Payments for credit. One that waits can still be paid. */
export function TopUpsList({ organization }: { organization: string }) {
  const topUps = useInfiniteQuery(topUpsQuery(organization));
  return (
    <PagedCard
      query={topUps}
      noun="top-up"
      empty={{ title: "No top-ups yet", text: "A top-up is credited when its payment arrives." }}
    >
      {(rows) => <DataTable label="Top-ups" columns={COLUMNS} rows={rows} rowKey={(row) => row.id} />}
    </PagedCard>
  );
}

export function PayLink({ topUp }: { topUp: TopUp }) {
  if (topUp.status !== "awaiting_payment" || !topUp.payment_url) return null;
  return (
    <a
      className={buttonClass("secondary", "small")}
      href={topUp.payment_url}
      target="_blank"
      rel="noreferrer"
    >
      Pay {formatMoneyExact(topUp.amount)}
    </a>
  );
}
