// Somebody else wrote the draft since it was opened: their text beside one's own, and two ways on.
import { useQuery } from "@tanstack/react-query";
import type { Tagged } from "@/api/problem";
import type { RouteDraft } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Disclosure } from "@/components/ui/disclosure";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { readDraft } from "../api/get-draft";
import styles from "./conflict-notice.module.css";
import { DiffView } from "./diff-view";

interface DraftConflictProps {
  project: string;
  /** The draft that the text is based on. */
  draft: Tagged<RouteDraft>;
  text: string;
  textOf: (draft: Tagged<RouteDraft>) => string;
  onRebase: (next: Tagged<RouteDraft>, keepText: boolean) => void;
}

export function DraftConflict({ project, draft, text, textOf, onRebase }: DraftConflictProps) {
  const { route } = draft.value;
  const newest = useQuery({
    queryKey: ["route-draft", project, route, "newer-than", draft.etag],
    queryFn: ({ signal }) => readDraft(project, route, signal),
    gcTime: 0,
  });
  if (newest.isError) {
    return (
      <ErrorState
        error={newest.error}
        title="The draft was written, published or discarded by somebody else meanwhile, and could not be loaded."
        onRetry={() => newest.refetch()}
      />
    );
  }
  if (!newest.data) return null;
  const theirs = newest.data;
  return (
    <>
      <Notice tone="bad">
        <p>
          Somebody wrote the draft since you opened it, so yours was not saved. Your text is still in the
          editor.
        </p>
        <div className={styles["ways"]}>
          <Button size="small" onClick={() => onRebase(theirs, false)}>
            Load their text
          </Button>
          <Button size="small" onClick={() => onRebase(theirs, true)}>
            Keep my text
          </Button>
        </div>
        <p className={styles["note"]}>With your text kept, saving it replaces theirs.</p>
      </Notice>
      <Disclosure title="What your text changes in theirs" initiallyOpen>
        <DiffView label="Your changes" before={textOf(theirs)} after={text} />
      </Disclosure>
    </>
  );
}
