// The windows of a budget over time, as a plot and as a table. Where each person has the limit alone, one of them can be
// looked at.
import { useInfiniteQuery } from "@tanstack/react-query";
import type { Budget } from "@/api/types";
import { LazyStackedBars } from "@/components/charts/lazy-stacked-bars";
import { TextFilter } from "@/components/filters/text-filter";
import { Card } from "@/components/ui/card";
import { ErrorState } from "@/components/ui/error-state";
import { Pager } from "@/components/ui/pager";
import { SkeletonBlock } from "@/components/ui/skeleton";
import { plural } from "@/lib/format";
import { axisMoney, formatMoney, toApproximateNumber } from "@/lib/money";
import { sharers } from "@/lib/scope";
import { windowsQuery } from "../api/list-windows";
import type { BudgetSearch } from "../lib/budgets-search";
import { toBars } from "../lib/window-series";
import styles from "./window-history.module.css";
import { WindowsTable } from "./windows-table";

interface WindowHistoryProps {
  organization: string;
  budget: Budget;
  search: BudgetSearch;
  onSearch: (search: BudgetSearch) => void;
}

export function WindowHistory({ organization, budget, search, onSearch }: WindowHistoryProps) {
  const partition = search.partition ?? "";
  const windows = useInfiniteQuery(windowsQuery(organization, budget.id, partition));
  const rows = windows.data?.pages.flatMap((page) => page.data) ?? [];
  const bars = toBars(rows, budget.interval, budget.time_zone);
  const alone = sharers(budget.scope);
  const isSummed = alone !== null && partition === "";
  return (
    <Card flush label="Windows">
      <div className={styles["head"]}>
        <h2 className={styles["title"]}>
          Windows
          <span className={styles["whose"]}>{isSummed ? `all ${alone}s together` : partition}</span>
        </h2>
        {alone && (
          <TextFilter
            label={`Only one ${alone}`}
            value={partition}
            onCommit={(next) => onSearch(next ? { partition: next } : {})}
          />
        )}
      </div>
      {windows.isPending && <SkeletonBlock height={340} label="Loading windows" />}
      {windows.isLoadingError && (
        <ErrorState
          error={windows.error}
          title="The windows could not be loaded."
          onRetry={() => windows.refetch()}
        />
      )}
      {windows.data && (
        <>
          <div className={styles["plot"]}>
            <LazyStackedBars
              label={`Spent per window: ${bars.map(({ full, text }) => `${full} ${text}`).join(", ")}.`}
              buckets={bars}
              series={[
                {
                  id: "spent",
                  label: "Spent",
                  color: "var(--series-1)",
                  values: bars.map(({ value }) => value),
                  texts: bars.map(({ text }) => text),
                },
              ]}
              formatAxis={axisMoney}
              lastIncomplete={budget.current_window.resets_at !== null}
              {...(isSummed
                ? {}
                : {
                    mark: {
                      value: toApproximateNumber(budget.limit),
                      label: `limit now, ${formatMoney(budget.limit)}`,
                    },
                  })}
            />
          </div>
          <WindowsTable windows={rows} budget={budget} isSummed={isSummed} />
          <Pager
            shown={plural(rows.length, "window")}
            hasMore={windows.hasNextPage}
            loading={windows.isFetchingNextPage}
            onMore={() => windows.fetchNextPage()}
          />
        </>
      )}
    </Card>
  );
}
