import { useInfiniteQuery } from "@tanstack/react-query";
import type { Credit } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { type Column, DataTable } from "@/components/ui/data-table";
import { useNow } from "@/hooks/use-now";
import { formatMoneyExact, toNanos } from "@/lib/money";
import { formatDay, formatRelative, formatUtc } from "@/lib/time";
import { creditsQuery } from "../api/list-credits";
import { creditWord } from "../lib/transfer-words";
import { PagedCard } from "./paged-card";
import styles from "./tables.module.css";

const SOON_MS = 30 * 86_400_000;

/** The parts of the credit: what expires first is used first. */
export function CreditsList({ organization }: { organization: string }) {
  const credits = useInfiniteQuery(creditsQuery(organization));
  const now = useNow(60_000);
  const columns: Column<Credit>[] = [
    {
      id: "kind",
      header: "Credit",
      card: "lead",
      cell: (row) => (
        <span className={styles["stacked"]}>
          <span className={styles["name"]}>{creditWord(row.kind)}</span>
          {row.reference && <code className={styles["muted"]}>{row.reference}</code>}
        </span>
      ),
    },
    { id: "expires", header: "Expires", cell: (row) => <Expiry credit={row} now={now} /> },
    {
      id: "amount",
      header: "Amount",
      align: "end",
      card: "labelled",
      cell: (row) => formatMoneyExact(row.amount),
    },
    {
      id: "held",
      header: "Held",
      align: "end",
      card: "labelled",
      cell: (row) => toNanos(row.held) > 0n && formatMoneyExact(row.held),
    },
    { id: "left", header: "Left", align: "end", card: "end", cell: (row) => formatMoneyExact(row.left) },
    {
      id: "created",
      header: "Created",
      card: "hidden",
      align: "end",
      cell: (row) => <time title={formatUtc(row.created_at)}>{formatDay(row.created_at)}</time>,
    },
  ];
  return (
    <PagedCard
      query={credits}
      noun="credit"
      empty={{ title: "No credit yet", text: "Credit comes by a payment, or from the operator." }}
    >
      {(rows) => <DataTable label="Credits" columns={columns} rows={rows} rowKey={(row) => row.id} />}
    </PagedCard>
  );
}

function Expiry({ credit, now }: { credit: Credit; now: number }) {
  const { expires_at, left } = credit;
  if (!expires_at) return <span className={styles["muted"]}>never</span>;
  const isUsed = toNanos(left) === 0n;
  const remains = Date.parse(expires_at) - now;
  if (remains <= 0 && !isUsed) return <Badge tone="bad">Expired</Badge>;
  if (remains < SOON_MS && !isUsed) {
    return (
      <Badge tone="warn" title={formatUtc(expires_at)}>
        {formatRelative(expires_at, now)}
      </Badge>
    );
  }
  return <time title={formatUtc(expires_at)}>{formatDay(expires_at)}</time>;
}
