// When spending reached a share of the limit: once in a window for each share and, where everybody has the limit alone,
// for each of them. Says nothing while there was nothing to tell.
import { useInfiniteQuery } from "@tanstack/react-query";
import type { Budget, BudgetAlert } from "@/api/types";
import { Card } from "@/components/ui/card";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Pager } from "@/components/ui/pager";
import { TimeAgo } from "@/components/ui/time-ago";
import { plural } from "@/lib/format";
import { formatMoneyExact } from "@/lib/money";
import { sharers } from "@/lib/scope";
import { alertsQuery } from "../api/list-alerts";
import styles from "./alerts-list.module.css";

export function AlertsList({ organization, budget }: { organization: string; budget: Budget }) {
  const alerts = useInfiniteQuery(alertsQuery(organization, budget.id));
  const rows = alerts.data?.pages.flatMap((page) => page.data) ?? [];
  if (rows.length === 0) return null;
  const alone = sharers(budget.scope);
  const columns: Column<BudgetAlert>[] = [
    {
      id: "share",
      header: "Reached",
      card: "lead",
      cell: (row) => <span className={styles["share"]}>{row.threshold} %</span>,
    },
    { id: "at", header: "When", card: "end", cell: (row) => <TimeAgo at={row.fired_at} /> },
    ...(alone
      ? [
          {
            id: "who",
            header: alone === "session" ? "Session" : "End user",
            cell: (row: BudgetAlert) => row.partition,
          },
        ]
      : []),
    {
      id: "spent",
      header: "Spent then",
      align: "end",
      cell: (row) => `${formatMoneyExact(row.settled)} of ${formatMoneyExact(row.limit)}`,
    },
  ];
  return (
    <Card flush label="Alerts">
      <h2 className={styles["title"]}>Alerts</h2>
      <DataTable label="Alerts" columns={columns} rows={rows} rowKey={(row) => row.id} />
      <Pager
        shown={plural(rows.length, "alert")}
        hasMore={alerts.hasNextPage}
        loading={alerts.isFetchingNextPage}
        onMore={() => alerts.fetchNextPage()}
      />
    </Card>
  );
}
