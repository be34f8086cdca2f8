// A month of credit: what there was, what changed it, what was charged for which model, and what is left; also as a file.
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { asProblem } from "@/api/problem";
import type { Statement } from "@/api/types";
import { FilterBar } from "@/components/filters/filter-bar";
import { SelectFilter } from "@/components/filters/select-filter";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { type Column, DataTable } from "@/components/ui/data-table";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { SkeletonRows } from "@/components/ui/skeleton";
import { useNow } from "@/hooks/use-now";
import type { CurrentProject } from "@/hooks/use-project";
import { formatInteger } from "@/lib/format";
import { formatMoneyExact } from "@/lib/money";
import { statementQuery, useDownloadStatement } from "../api/get-statement";
import { monthName, recentMonths } from "../lib/months";
import { changeWords, lineWord } from "../lib/transfer-words";
import styles from "./statement-view.module.css";

interface StatementViewProps {
  current: CurrentProject;
  period: string | undefined;
  onPeriod: (period: string) => void;
}

export function StatementView({ current, period, onPeriod }: StatementViewProps) {
  const months = recentMonths(useNow(60_000));
  const chosen = period ?? months[0] ?? "";
  const organization = current.organization.id;
  const statement = useQuery(statementQuery(organization, chosen));
  const download = useDownloadStatement(organization);
  const options = months.includes(chosen) ? months : [chosen, ...months];
  return (
    <>
      {download.error && <Notice tone="bad">{asProblem(download.error).message}</Notice>}
      <FilterBar
        label="Choose a month"
        end={
          <Button
            size="small"
            onClick={() => download.mutate(chosen)}
            pending={download.isPending && "Preparing…"}
          >
            <Download size={14} aria-hidden /> Download CSV
          </Button>
        }
      >
        <SelectFilter
          label="Month"
          value={chosen}
          options={options.map((value) => ({ value, label: monthName(value) }))}
          onChange={onPeriod}
        />
      </FilterBar>
      <Card flush>
        {statement.isPending && <SkeletonRows rows={6} label="Loading the statement" />}
        {statement.isLoadingError && (
          <ErrorState
            error={statement.error}
            title="The statement could not be loaded."
            onRetry={() => statement.refetch()}
          />
        )}
        {statement.data && <Lines statement={statement.data} />}
      </Card>
      {statement.data && statement.data.usage.length > 0 && (
        <UsageOf statement={statement.data} projects={current.projects} />
      )}
    </>
  );
}

function Lines({ statement }: { statement: Statement }) {
  return (
    <dl className={styles["lines"]}>
      <div className={`${styles["line"]} ${styles["opening"]}`}>
        <dt>Opening balance</dt>
        <dd>{formatMoneyExact(statement.opening)}</dd>
      </div>
      {statement.lines.map(({ type, count, amount }) => (
        <div key={type} className={styles["line"]}>
          <dt>
            {lineWord(type)} <span className={styles["count"]}>{formatInteger(count)}</span>
          </dt>
          <dd>{changeWords(amount) || "$0.00"}</dd>
        </div>
      ))}
      <div className={`${styles["line"]} ${styles["closing"]}`}>
        <dt>Closing balance</dt>
        <dd>{formatMoneyExact(statement.closing)}</dd>
      </div>
    </dl>
  );
}

interface UsageOfProps {
  statement: Statement;
  projects: CurrentProject["projects"];
}

function UsageOf({ statement, projects }: UsageOfProps) {
  const names = new Map(projects.map(({ id, name }) => [id, name]));
  const columns: Column<Statement["usage"][number]>[] = [
    { id: "model", header: "Model", card: "lead", cell: (row) => <span className="mono">{row.model}</span> },
    { id: "project", header: "Project", cell: (row) => names.get(row.project_id) ?? row.project_id },
    {
      id: "requests",
      header: "Requests",
      align: "end",
      card: "labelled",
      cell: (row) => formatInteger(row.requests),
    },
    {
      id: "charge",
      header: "Charged",
      align: "end",
      card: "end",
      cell: (row) => formatMoneyExact(row.charge),
    },
  ];
  return (
    <>
      <h2 className={styles["title"]}>Charged for use</h2>
      <Card flush>
        <DataTable
          label="Charged for use"
          columns={columns}
          rows={statement.usage}
          rowKey={(row) => `${row.project_id} ${row.model}`}
        />
      </Card>
    </>
  );
}
