// One route: what it does, its document, its versions, and how it is called.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Route } from "@/api/types";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { PendingPage } from "@/components/ui/pending-page";
import { Tabs } from "@/components/ui/tabs";
import { useToast } from "@/components/ui/toaster";
import { useConnectionNames } from "@/hooks/use-connection-names";
import type { CurrentProject } from "@/hooks/use-project";
import { routeQuery } from "../api/get-route";
import { draftsQuery } from "../api/list-drafts";
import type { RouteSearch, RouteTab } from "../lib/routes-search";
import { CallRoute } from "./call-route";
import { DeleteRouteDialog } from "./delete-route-dialog";
import { DraftNotice } from "./draft-notice";
import { EditRoute } from "./edit-route";
import { RolloutPanel } from "./rollout-panel";
import { RouteSummary } from "./route-summary";
import { RouteVersions } from "./route-versions";
import { Published } from "./routes-table";

const LIVE_MS = 30_000;
/** A rollout may end by itself, and another version is the published one then. */
const ROLLOUT_LIVE_MS = 10_000;

interface RouteDetailProps {
  current: CurrentProject;
  route: string;
  /** Why the reader may not change it; null when they may. */
  refusal: string | null;
  search: RouteSearch;
  onSearch: (search: RouteSearch) => void;
  onDeleted: () => void;
  onDrafted: () => void;
  keys: ReactNode;
}

export function RouteDetail(props: RouteDetailProps) {
  const read = useQuery({
    ...routeQuery(props.current.id, props.route),
    refetchInterval: (query) => (query.state.data?.value.rollout ? ROLLOUT_LIVE_MS : LIVE_MS),
  });
  if (read.data) return <Loaded {...props} shown={read.data} />;
  const isDraft = read.isError && asProblem(read.error).code === "not_published";
  return (
    <PendingPage
      title="Route"
      noun="route"
      rows={6}
      read={read}
      absence={
        isDraft && (
          <EmptyState
            title="Not published yet"
            action={
              <Button variant="primary" onClick={props.onDrafted}>
                Open the draft
              </Button>
            }
          >
            This route has only a draft. No request goes by it before the draft is published.
          </EmptyState>
        )
      }
    />
  );
}

function Loaded(props: RouteDetailProps & { shown: Tagged<Route> }) {
  const { current, refusal, search, onSearch, onDeleted, onDrafted, keys, shown } = props;
  const { value: route } = shown;
  const drafts = useQuery(draftsQuery(current.id));
  const draft = drafts.data?.find((other) => other.route === route.id);
  const connections = useConnectionNames(current.id);
  const toast = useToast();
  // Whoever watched a rollout sees how it ended.
  const [isWatched, setWatched] = useState(false);
  if (route.rollout && !isWatched) setWatched(true);
  const [deleting, setDeleting] = useState<Tagged<Route> | null>(null);
  const tabs: { id: RouteTab; label: string; content: ReactNode }[] = [
    {
      id: "summary",
      label: "Summary",
      content: <RouteSummary route={route} connections={connections} />,
    },
    {
      id: "versions",
      label: "Versions",
      content: (
        <RouteVersions
          project={current.id}
          organization={current.organization.id}
          shown={shown}
          mayWrite={!refusal}
          search={search}
          onSearch={onSearch}
        />
      ),
    },
    { id: "call", label: "Call it", content: <CallRoute route={route} keys={keys} /> },
  ];
  if (!refusal) {
    tabs.splice(1, 0, {
      id: "edit",
      label: "Edit",
      content: (
        <EditRoute
          project={current.id}
          route={route.id}
          hasDraft={draft !== undefined}
          onDrafted={onDrafted}
          onPublished={({ version, warnings }) => {
            const doubts = warnings?.length ? ", with warnings" : "";
            toast(`Version ${version} is published${doubts}.`);
            onSearch({});
          }}
        />
      ),
    });
  }
  const tab = tabs.some(({ id }) => id === search.tab) ? (search.tab ?? "summary") : "summary";
  return (
    <>
      <PageHeader
        title={route.slug}
        intro={
          <>
            Called as <code>route/{route.slug}</code>. Version {route.version}, published{" "}
            <Published current={current} route={route} />. {refusal}
          </>
        }
        actions={
          !refusal && (
            <Button variant="danger" onClick={() => setDeleting(shown)}>
              Delete
            </Button>
          )
        }
      />
      {draft && <DraftNotice current={current} draft={draft} />}
      {isWatched && <RolloutPanel current={current} route={route.id} mayWrite={!refusal} />}
      <Tabs
        label="About the route"
        tabs={tabs}
        value={tab}
        onChange={(next) => onSearch(next === "summary" ? {} : { tab: next as RouteTab })}
      />
      {deleting && (
        <DeleteRouteDialog
          project={current.id}
          deleting={deleting}
          onClose={() => setDeleting(null)}
          onDeleted={onDeleted}
        />
      )}
    </>
  );
}
