// Usage over time with every state it can be in: totals, the chart or its table, and the names of its colours.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Segmented } from "@/components/ui/segmented";
import { SkeletonBlock } from "@/components/ui/skeleton";
import { formatMoment } from "@/lib/time";
import { usageQuery } from "../api/get-usage";
import { toChartData } from "../lib/to-series";
import { chooseMetric, type Metric, type UsageSearch } from "../lib/usage-search";
import { SeriesList } from "./series-list";
import { UsageChart } from "./usage-chart";
import { UsageFilters } from "./usage-filters";
import styles from "./usage-panel.module.css";
import { UsageTable } from "./usage-table";
import { UsageTotals } from "./usage-totals";

interface UsagePanelProps {
  project: string;
  search: UsageSearch;
  onSearch: (search: UsageSearch) => void;
  /** What to do when there has been no traffic at all: a link to the quickstart. */
  firstStep: ReactNode;
}

const NAMES: Record<Metric, string> = { spend: "Spend", requests: "Requests", tokens: "Tokens" };

export function UsagePanel({ project, search, onSearch, firstStep }: UsagePanelProps) {
  const query = useQuery(usageQuery(project, search));
  const metric = chooseMetric(search, query.data?.usage.totals.cost);
  const shown = useMemo(
    () => (query.data ? toChartData(query.data.usage, query.data.interval, query.data.grain, metric) : null),
    [query.data, metric],
  );
  const { view: _view, ...withoutView } = search;

  return (
    <>
      <UsageFilters search={search} onChange={onSearch} />
      <Card flush>
        {query.isPending && (
          <div className={styles["body"]}>
            <SkeletonBlock height={380} label="Loading usage" />
          </div>
        )}
        {query.isLoadingError && (
          <ErrorState
            error={query.error}
            title="Usage could not be loaded."
            onRetry={() => query.refetch()}
          />
        )}
        {query.data && shown && (
          <>
            <UsageTotals
              totals={query.data.usage.totals}
              metric={metric}
              onMetric={(next) => onSearch({ ...search, metric: next })}
            />
            {query.data.usage.totals.requests === 0 ? (
              <EmptyState title="No requests in this time" action={firstStep}>
                Usage appears here within two seconds of a request.
              </EmptyState>
            ) : (
              <div className={`${styles["body"]} ${query.isPlaceholderData ? styles["stale"] : ""}`}>
                <div className={styles["head"]}>
                  <h2 className={styles["title"]}>
                    {NAMES[metric]} per {query.data.grain}
                    <span className={styles["since"]}>since {formatMoment(query.data.interval.from)}</span>
                  </h2>
                  <Segmented
                    label="Show as"
                    value={search.view ?? "chart"}
                    options={[
                      { value: "chart", label: "Chart" },
                      { value: "table", label: "Table" },
                    ]}
                    onChange={(view) => onSearch(view === "table" ? { ...search, view } : withoutView)}
                  />
                </div>
                {search.view === "table" ? (
                  <UsageTable data={shown} grain={query.data.grain} />
                ) : (
                  <UsageChart
                    data={shown}
                    metric={metric}
                    grain={query.data.grain}
                    interval={query.data.interval}
                    summary={`${NAMES[metric]} per ${query.data.grain}: ${shown.series
                      .map(({ label, total }) => `${label} ${total}`)
                      .join(", ")}.`}
                  />
                )}
                {shown.series.length > 1 && <SeriesList series={shown.series} />}
              </div>
            )}
          </>
        )}
      </Card>
    </>
  );
}
