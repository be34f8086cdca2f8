// The editor of a published route. It begins with the version that is read when it opens, and says so when somebody else
// publishes another one meanwhile.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Route } from "@/api/types";
import { Button } from "@/components/ui/button";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonBlock } from "@/components/ui/skeleton";
import { useLeaveGuard } from "@/hooks/use-leave-guard";
import { readRoute } from "../api/get-route";
import { useWriteDraft } from "../api/save-draft";
import { useUpdateRoute } from "../api/save-route";
import { completed, documentOf } from "../lib/route-document";
import { ConflictNotice } from "./conflict-notice";
import { DocumentForm } from "./document-form";
import { DocumentHelp } from "./document-help";
import { SaveProblem } from "./save-problem";

interface EditRouteProps {
  project: string;
  route: string;
  /** A route has one draft at most: the text cannot be kept as another one. */
  hasDraft: boolean;
  onPublished: (route: Route) => void;
  onDrafted: () => void;
}

export function EditRoute(props: EditRouteProps) {
  const { project, route } = props;
  const current = useQuery({
    // Read apart from the page around it, which is kept up to date while somebody types.
    queryKey: ["route", project, route, "edit"],
    queryFn: ({ signal }) => readRoute(project, route, signal),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
  });
  if (current.isSuccess) return <Editor {...props} opened={current.data} />;
  if (current.isError) {
    return (
      <ErrorState
        error={current.error}
        title="The route could not be loaded as it is now."
        onRetry={() => current.refetch()}
      />
    );
  }
  return <SkeletonBlock height={352} label="Loading the route" />;
}

function Editor(props: EditRouteProps & { opened: Tagged<Route> }) {
  const { project, hasDraft, opened, onPublished, onDrafted } = props;
  const [base, setBase] = useState(opened);
  const published = documentOf(base.value);
  const [text, setText] = useState(published);
  const update = useUpdateRoute(project, base.value.id);
  const draft = useWriteDraft(project, base.value.id);
  const isChanged = text !== published;
  const leave = useLeaveGuard(isChanged);
  const isConflict = update.isError && asProblem(update.error).status === 412;

  /** Goes on from another version, with a text of one's own or with that of the version. */
  function rebase(next: Tagged<Route>, keepText: boolean) {
    setBase(next);
    if (!keepText) setText(documentOf(next.value));
    update.reset();
  }

  function publish() {
    draft.reset();
    update.mutate(
      { text: completed(text), etag: base.etag },
      {
        onSuccess: (route) => {
          leave.allow();
          onPublished(route);
        },
      },
    );
  }

  function keep() {
    update.reset();
    draft.mutate(
      { text, etag: null, baseVersion: base.value.version },
      {
        onSuccess: () => {
          leave.allow();
          onDrafted();
        },
      },
    );
  }

  return (
    <DocumentForm
      project={project}
      text={text}
      onText={(next) => {
        setText(next);
        if (update.isError && !isConflict) update.reset();
        if (draft.isError) draft.reset();
      }}
      error={update.error ?? draft.error}
      notice={
        isConflict ? (
          <ConflictNotice project={project} opened={base.value} text={text} onRebase={rebase} />
        ) : (
          <>
            <SaveProblem error={update.error} />
            <SaveProblem error={draft.error} nothing="No draft was made" />
          </>
        )
      }
      help={<DocumentHelp onExample={({ text: next }) => setText(next)} />}
      save={{
        label: `Publish version ${base.value.next_version}`,
        pending: update.isPending && "Publishing…",
        onSave: publish,
      }}
      cancel={
        <>
          {!hasDraft && (
            <Button onClick={keep} pending={draft.isPending && "Saving…"}>
              Save as draft
            </Button>
          )}
          {isChanged && <Button onClick={() => setText(published)}>Discard changes</Button>}
        </>
      }
    />
  );
}
