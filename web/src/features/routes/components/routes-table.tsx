import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Route } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { type Column, DataTable } from "@/components/ui/data-table";
import { TimeAgo } from "@/components/ui/time-ago";
import { useMemberNames } from "@/hooks/use-member-names";
import type { CurrentProject } from "@/hooks/use-project";
import { plural } from "@/lib/format";
import { versionOfRouteQuery } from "../api/get-version";
import { besideWords, rolloutState } from "../lib/rollout-words";
import { candidatesOf, strategiesOf } from "../lib/strategy-words";
import styles from "./routes-table.module.css";

export function RoutesTable({ current, routes }: { current: CurrentProject; routes: readonly Route[] }) {
  const { organization, slug } = current;
  const columns: Column<Route>[] = [
    {
      id: "name",
      header: "Route",
      card: "lead",
      cell: (row) => (
        <Link
          to="/o/$org/p/$project/routes/$route"
          params={{ org: organization.slug, project: slug, route: row.id }}
          className={styles["name"]}
        >
          {row.slug}
        </Link>
      ),
    },
    { id: "strategy", header: "Strategy", card: "wide", cell: strategiesOf },
    { id: "rules", header: "Rules", cell: (row) => plural(row.rules.length, "rule") },
    { id: "candidates", header: "Sends to", cell: candidatesOf },
    {
      id: "version",
      header: "Version",
      card: "labelled",
      cell: ({ version, rollout }) => (
        <>
          <span className="num">{version}</span>{" "}
          {rollout && (
            <Badge tone={rolloutState(rollout).tone} title={`Rollout of version ${rollout.version}`}>
              {besideWords(rollout)}
            </Badge>
          )}
        </>
      ),
    },
    {
      id: "published",
      header: "Published",
      card: "wide",
      cell: (row) => <Published current={current} route={row} />,
    },
  ];
  return <DataTable label="Routes" columns={columns} rows={routes} rowKey={(row) => row.id} />;
}

/** When the version in force was published, and by whom. */
export function Published({ current, route }: { current: CurrentProject; route: Route }) {
  const version = useQuery(versionOfRouteQuery(current.id, route.id, route.version));
  const nameOf = useMemberNames(current.organization.id);
  return (
    <>
      <TimeAgo at={route.published_at} />
      {version.data && ` by ${nameOf(version.data.created_by)}`}
    </>
  );
}
