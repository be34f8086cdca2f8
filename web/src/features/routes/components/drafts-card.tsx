// Drafts of routes that wait to be published. Says nothing while there are none.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RouteDraftSummary } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { type Column, DataTable } from "@/components/ui/data-table";
import { ErrorState } from "@/components/ui/error-state";
import { TimeAgo } from "@/components/ui/time-ago";
import { useMemberNames } from "@/hooks/use-member-names";
import type { CurrentProject } from "@/hooks/use-project";
import { draftsQuery } from "../api/list-drafts";
import { basedOn } from "../lib/draft-words";
import styles from "./drafts-card.module.css";

export function DraftsCard({ current }: { current: CurrentProject }) {
  const drafts = useQuery(draftsQuery(current.id));
  const nameOf = useMemberNames(current.organization.id);
  if (drafts.isLoadingError) {
    return (
      <Card flush label="Drafts">
        <ErrorState
          error={drafts.error}
          title="The drafts could not be loaded."
          onRetry={() => drafts.refetch()}
        />
      </Card>
    );
  }
  if (!drafts.data || drafts.data.length === 0) return null;
  const columns: Column<RouteDraftSummary>[] = [
    {
      id: "name",
      header: "Draft of",
      card: "lead",
      cell: (row) => (
        <Link
          to="/o/$org/p/$project/routes/$route/draft"
          params={{ org: current.organization.slug, project: current.slug, route: row.route }}
          className={styles["name"]}
        >
          {row.slug}
        </Link>
      ),
    },
    { id: "base", header: "Based on", card: "wide", cell: basedOn },
    {
      id: "state",
      header: "State",
      card: "end",
      cell: (row) =>
        row.is_stale ? <Badge tone="warn">Behind</Badge> : <Badge tone="idle">Not published</Badge>,
    },
    {
      id: "written",
      header: "Written",
      card: "wide",
      cell: (row) => (
        <>
          <TimeAgo at={row.updated_at} /> by {nameOf(row.updated_by)}
        </>
      ),
    },
  ];
  return (
    <section aria-label="Drafts">
      <h2 className={styles["title"]}>Drafts</h2>
      <Card flush>
        <DataTable label="Drafts" columns={columns} rows={drafts.data} rowKey={(row) => row.route} />
      </Card>
    </section>
  );
}
