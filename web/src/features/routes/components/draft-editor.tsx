// A draft while somebody works on it. Its text lives here, above the tabs, so that looking at what it changes loses nothing.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { RouteDraft } from "@/api/types";
import { Button } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { Tabs } from "@/components/ui/tabs";
import { TimeAgo } from "@/components/ui/time-ago";
import { useToast } from "@/components/ui/toaster";
import { useLeaveGuard } from "@/hooks/use-leave-guard";
import { useMemberNames } from "@/hooks/use-member-names";
import { draftsQuery } from "../api/list-drafts";
import { useWriteDraft } from "../api/save-draft";
import type { Question } from "../api/simulate";
import type { DraftTab } from "../lib/draft-search";
import { recallText } from "../lib/draft-texts";
import { standingOf } from "../lib/draft-words";
import { writtenDocument } from "../lib/written-document";
import { DiscardDraftDialog } from "./discard-draft-dialog";
import { DocumentForm } from "./document-form";
import { DocumentHelp } from "./document-help";
import { DraftChanges } from "./draft-changes";
import { DraftConflict } from "./draft-conflict";
import type { DraftDetailProps } from "./draft-detail";
import { PublishDraftDialog } from "./publish-draft-dialog";
import { SaveProblem } from "./save-problem";
import { SimulationPanel } from "./simulation-panel";
import { StaleNotice } from "./stale-notice";

const LIVE_MS = 30_000;

function textOf({ value, etag }: Tagged<RouteDraft>): string {
  return recallText(value.route, etag) ?? writtenDocument(value.document);
}

export function DraftEditor(props: DraftDetailProps & { opened: Tagged<RouteDraft> }) {
  const { current, route, refusal, search, onSearch, onPublished, onDiscarded, opened } = props;
  const [draft, setDraft] = useState(opened);
  const [saved, setSaved] = useState(() => textOf(opened));
  const [text, setText] = useState(saved);
  const [question, setQuestion] = useState<Question | null>(null);
  const [acting, setActing] = useState<"publish" | "discard" | null>(null);
  const write = useWriteDraft(current.id, route);
  const live = useQuery({ ...draftsQuery(current.id), refetchInterval: LIVE_MS });
  const nameOf = useMemberNames(current.organization.id);
  const toast = useToast();
  const isUnsaved = text !== saved;
  const leave = useLeaveGuard(isUnsaved, { acrossTabs: true });
  // The list is read again and again: it tells when a version is published over the draft.
  const standing = standingOf(
    draft.value,
    live.data?.find((other) => other.route === route),
  );
  const isConflict = write.isError && asProblem(write.error).status === 412;

  function take(next: Tagged<RouteDraft>, nextText: string) {
    setDraft(next);
    setSaved(nextText);
  }

  function save(then?: (next: Tagged<RouteDraft>) => void, baseVersion?: number) {
    if (!isUnsaved && baseVersion === undefined) return then?.(draft);
    write.mutate(
      { text, etag: draft.etag, ...(baseVersion === undefined ? {} : { baseVersion }) },
      {
        onSuccess: (next) => {
          take(next, text);
          then?.(next);
        },
        // What was refused is told beside the text.
        onError: () => onSearch({}),
      },
    );
  }

  /** Goes on from what somebody else wrote, with a text of one's own or with theirs. */
  function rebase(next: Tagged<RouteDraft>, keepText: boolean) {
    const theirs = textOf(next);
    take(next, theirs);
    if (!keepText) setText(theirs);
    write.reset();
  }

  const form = (
    <DocumentForm
      project={current.id}
      text={text}
      onText={(next) => {
        setText(next);
        if (write.isError && !isConflict) write.reset();
      }}
      error={write.error}
      notice={
        isConflict ? (
          <DraftConflict project={current.id} draft={draft} text={text} textOf={textOf} onRebase={rebase} />
        ) : (
          <SaveProblem error={write.error} nothing="Nothing was saved" />
        )
      }
      help={<DocumentHelp onExample={({ text: next }) => setText(next)} />}
      save={{
        label: "Save draft",
        pending: write.isPending && "Saving…",
        onSave: () => save(() => toast("The draft is saved. Nothing is published.")),
      }}
      cancel={isUnsaved && <Button onClick={() => setText(saved)}>Discard changes</Button>}
    />
  );
  const tabs: { id: DraftTab; label: string; content: ReactNode }[] = [
    {
      id: "changes",
      label: "Changes",
      content: <DraftChanges project={current.id} standing={standing} text={text} />,
    },
  ];
  if (!refusal) {
    tabs.unshift({ id: "document", label: "Document", content: form });
    tabs.push({
      id: "simulation",
      label: "Simulation",
      content: (
        <SimulationPanel
          current={current}
          standing={standing}
          isOutdated={isUnsaved || (question !== null && question.etag !== draft.etag)}
          question={question}
          saving={write.isPending}
          onAsk={(asked) => save(({ etag }) => setQuestion({ ...asked, etag }))}
        />
      ),
    });
  }
  const wanted = search.tab ?? "document";
  const tab = tabs.some(({ id }) => id === wanted) ? wanted : "changes";

  return (
    <>
      <PageHeader
        title={`Draft of ${standing.slug}`}
        intro={
          <>
            Nothing takes effect before it is published. Written <TimeAgo at={draft.value.updated_at} /> by{" "}
            {nameOf(draft.value.updated_by)}. {refusal}
          </>
        }
        actions={
          !refusal && (
            <>
              <Button variant="primary" onClick={() => save(() => setActing("publish"))}>
                Publish…
              </Button>
              <Button variant="danger" onClick={() => setActing("discard")}>
                Discard…
              </Button>
            </>
          )
        }
      />
      {standing.is_stale && (
        <StaleNotice
          project={current.id}
          standing={standing}
          mayWrite={!refusal}
          onTakenOver={(version) =>
            save(() => toast(`The draft is based on version ${version} now.`), version)
          }
        />
      )}
      <Tabs
        label="About the draft"
        tabs={tabs}
        value={tab}
        onChange={(next) => onSearch(next === "document" ? {} : { tab: next as DraftTab })}
      />
      {acting === "publish" && (
        <PublishDraftDialog
          project={current.id}
          draft={draft}
          standing={standing}
          onClose={() => setActing(null)}
          onPublished={(published) => {
            leave.allow();
            onPublished(published);
          }}
        />
      )}
      {acting === "discard" && (
        <DiscardDraftDialog
          project={current.id}
          draft={draft}
          onClose={() => setActing(null)}
          onDiscarded={() => {
            leave.allow();
            onDiscarded(standing.published_version !== null);
          }}
        />
      )}
    </>
  );
}
