// Who changed what may be spent in a window, by how much and why. Says nothing while nobody has.
import { useInfiniteQuery } from "@tanstack/react-query";
import type { Budget, BudgetAdjustment } from "@/api/types";
import { Amount } from "@/components/ui/amount";
import { Card } from "@/components/ui/card";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Pager } from "@/components/ui/pager";
import { TimeAgo } from "@/components/ui/time-ago";
import { useMemberNames } from "@/hooks/use-member-names";
import { plural } from "@/lib/format";
import { formatMoneyExact } from "@/lib/money";
import { formatMoment, formatUtc } from "@/lib/time";
import { adjustmentsQuery } from "../api/adjustments";
import { signed } from "../lib/adjustment-draft";
import styles from "./alerts-list.module.css";

export function AdjustmentsList({ organization, budget }: { organization: string; budget: Budget }) {
  const adjustments = useInfiniteQuery(adjustmentsQuery(organization, budget.id));
  const nameOf = useMemberNames(organization);
  const rows = adjustments.data?.pages.flatMap((page) => page.data) ?? [];
  if (rows.length === 0) return null;
  const columns: Column<BudgetAdjustment>[] = [
    {
      id: "amount",
      header: "Adjusted by",
      card: "lead",
      cell: (row) => (
        <span className={`num ${styles["share"]}`} title={formatMoneyExact(row.amount)}>
          {signed(row.amount)}
        </span>
      ),
    },
    ...(rows.some(({ partition }) => partition !== null)
      ? [
          {
            id: "partition",
            header: "Whose share",
            card: "labelled" as const,
            cell: (row: BudgetAdjustment) => row.partition ?? "everybody's",
          },
        ]
      : []),
    {
      id: "reason",
      header: "Why",
      card: "wide",
      cell: (row) => <span className={styles["why"]}>{row.reason}</span>,
    },
    {
      id: "limit",
      header: "Limit with it",
      align: "end",
      card: "labelled",
      cell: (row) => <Amount money={row.limit} exact />,
    },
    {
      id: "window",
      header: `Window began (${budget.time_zone})`,
      card: "labelled",
      cell: (row) =>
        row.window_start ? (
          <time title={formatUtc(row.window_start)}>{formatMoment(row.window_start, budget.time_zone)}</time>
        ) : (
          "its lifetime"
        ),
    },
    {
      id: "by",
      header: "By",
      card: "wide",
      cell: (row) => (
        <>
          {nameOf(row.created_by)}, <TimeAgo at={row.created_at} />
        </>
      ),
    },
  ];
  return (
    <Card flush label="Adjustments">
      <h2 className={styles["title"]}>Adjustments</h2>
      <DataTable label="Adjustments" columns={columns} rows={rows} rowKey={(row) => row.id} />
      <Pager
        shown={plural(rows.length, "adjustment")}
        hasMore={adjustments.hasNextPage}
        loading={adjustments.isFetchingNextPage}
        onMore={() => adjustments.fetchNextPage()}
      />
    </Card>
  );
}
