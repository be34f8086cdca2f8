// Every version of a route, what became of it, and what two of them say differently.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Tagged } from "@/api/problem";
import type { Route, RouteVersion } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { type Column, DataTable } from "@/components/ui/data-table";
import { ErrorState } from "@/components/ui/error-state";
import { SelectField } from "@/components/ui/field";
import { Pager } from "@/components/ui/pager";
import { SkeletonRows } from "@/components/ui/skeleton";
import { useToast } from "@/components/ui/toaster";
import { useMemberNames } from "@/hooks/use-member-names";
import { plural } from "@/lib/format";
import { formatMoment, formatUtc } from "@/lib/time";
import { versionsQuery } from "../api/list-versions";
import { documentOf } from "../lib/route-document";
import type { RouteSearch } from "../lib/routes-search";
import { changeWords, versionBefore, versionState } from "../lib/version-words";
import { DiffView } from "./diff-view";
import { RollBackDialog } from "./roll-back-dialog";
import styles from "./route-versions.module.css";

interface RouteVersionsProps {
  project: string;
  organization: string;
  shown: Tagged<Route>;
  mayWrite: boolean;
  search: RouteSearch;
  onSearch: (search: RouteSearch) => void;
}

export function RouteVersions(props: RouteVersionsProps) {
  const { project, organization, shown, mayWrite, search, onSearch } = props;
  const { value: route } = shown;
  const [rollingBack, setRollingBack] = useState<{ current: Tagged<Route>; to: RouteVersion } | null>(null);
  const toast = useToast();
  const versions = useInfiniteQuery(versionsQuery(project, route.id));
  const nameOf = useMemberNames(organization);
  const rows = versions.data?.pages.flatMap((page) => page.data) ?? [];
  const to = rows.find(({ version }) => version === search.to) ?? rows[0];
  const from = rows.find(({ version }) => version === search.from) ?? (to && (versionBefore(rows, to) ?? to));

  const columns: Column<RouteVersion>[] = [
    {
      id: "version",
      header: "Version",
      card: "lead",
      cell: (row) => <span className="num">{row.version}</span>,
    },
    {
      id: "state",
      header: "State",
      cell: (row) => <Badge tone={versionState(row).tone}>{versionState(row).word}</Badge>,
    },
    {
      id: "at",
      header: "Created",
      card: "wide",
      cell: (row) => <time title={formatUtc(row.created_at)}>{formatMoment(row.created_at)}</time>,
    },
    { id: "by", header: "By", cell: (row) => nameOf(row.created_by) },
    {
      id: "change",
      header: "Change",
      card: "wide",
      cell: (row) => (
        <span className={styles["change"]}>
          {changeWords(rows, row)}
          {row.message && <q className={styles["message"]}>{row.message}</q>}
        </span>
      ),
    },
  ];
  if (mayWrite) {
    columns.push({
      id: "actions",
      header: "Actions",
      headerHidden: true,
      align: "end",
      card: "end",
      cell: (row) =>
        row.state === "superseded" && (
          <Button
            size="small"
            aria-label={`Roll back to version ${row.version}`}
            onClick={() => setRollingBack({ current: shown, to: row })}
          >
            Roll back…
          </Button>
        ),
    });
  }

  if (versions.isPending) return <SkeletonRows rows={4} label="Loading versions" />;
  if (versions.isLoadingError) {
    return (
      <ErrorState
        error={versions.error}
        title="The versions could not be loaded."
        onRetry={() => versions.refetch()}
      />
    );
  }
  return (
    <div className={styles["page"]}>
      {from && to && rows.length > 1 && (
        <section className={styles["compare"]} aria-label="Compare versions">
          <div className={styles["pair"]}>
            <VersionField
              label="From version"
              rows={rows}
              value={from}
              onChange={(version) => onSearch({ ...search, from: version })}
            />
            <VersionField
              label="To version"
              rows={rows}
              value={to}
              onChange={(version) => onSearch({ ...search, to: version })}
            />
          </div>
          <DiffView
            label={`Changes from version ${from.version} to version ${to.version}`}
            before={documentOf(from)}
            after={documentOf(to)}
          />
        </section>
      )}
      <Card flush label="Versions">
        <DataTable
          label="Versions"
          columns={columns}
          rows={rows}
          rowKey={({ version }) => String(version)}
          selected={to && String(to.version)}
        />
        <Pager
          shown={plural(rows.length, "version")}
          hasMore={versions.hasNextPage}
          loading={versions.isFetchingNextPage}
          onMore={() => versions.fetchNextPage()}
        />
      </Card>
      {rollingBack && (
        <RollBackDialog
          project={project}
          {...rollingBack}
          onClose={() => setRollingBack(null)}
          onRolledBack={({ version }) => {
            toast(`Version ${rollingBack.to.version} is published again, as version ${version}.`);
            setRollingBack(null);
            onSearch({ tab: "versions" });
          }}
        />
      )}
    </div>
  );
}

interface VersionFieldProps {
  label: string;
  rows: readonly RouteVersion[];
  value: RouteVersion;
  onChange: (version: number) => void;
}

function VersionField({ label, rows, value, onChange }: VersionFieldProps) {
  return (
    <SelectField
      label={label}
      value={value.version}
      onChange={(event) => onChange(Number(event.target.value))}
    >
      {rows.map(({ version }) => (
        <option key={version} value={version}>
          {version}
        </option>
      ))}
    </SelectField>
  );
}
