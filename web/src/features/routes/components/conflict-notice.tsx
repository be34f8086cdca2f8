// Somebody published another version since the editor was opened: what they changed, and three ways on.
import { useQuery } from "@tanstack/react-query";
import type { Tagged } from "@/api/problem";
import type { Route } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Disclosure } from "@/components/ui/disclosure";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { readRoute } from "../api/get-route";
import { documentOf } from "../lib/route-document";
import styles from "./conflict-notice.module.css";
import { DiffView } from "./diff-view";

interface ConflictNoticeProps {
  project: string;
  /** The version that the text is based on. */
  opened: Route;
  text: string;
  onRebase: (next: Tagged<Route>, keepText: boolean) => void;
}

export function ConflictNotice({ project, opened, text, onRebase }: ConflictNoticeProps) {
  const newest = useQuery({
    queryKey: ["route", project, opened.id, "newer-than", opened.version],
    queryFn: ({ signal }) => readRoute(project, opened.id, signal),
    gcTime: 0,
  });
  if (newest.isError) {
    return (
      <ErrorState
        error={newest.error}
        title="Another version was published meanwhile, and could not be loaded."
        onRetry={() => newest.refetch()}
      />
    );
  }
  if (!newest.data) return null;
  const theirs = newest.data;
  const { version } = theirs.value;
  return (
    <>
      <Notice tone="bad">
        <p>
          Somebody published version {version} since you opened version {opened.version}, so yours was not
          published. Your text is still in the editor.
        </p>
        <div className={styles["ways"]}>
          <Button size="small" onClick={() => onRebase(theirs, false)}>
            Load version {version}
          </Button>
          <Button size="small" onClick={() => onRebase(theirs, true)}>
            Keep my text
          </Button>
        </div>
        <p className={styles["note"]}>
          With your text kept, publishing it undoes whatever they changed and you do not take over.
        </p>
      </Notice>
      <Disclosure title={`What they changed, from version ${opened.version} to ${version}`} initiallyOpen>
        <DiffView label="Their changes" before={documentOf(opened)} after={documentOf(theirs.value)} />
      </Disclosure>
      <Disclosure title={`What your text changes in version ${version}`}>
        <DiffView label="Your changes" before={documentOf(theirs.value)} after={text} />
      </Disclosure>
    </>
  );
}
