// The draft of a route, whether the route is published or not: its document, what it changes, and what it would have changed.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { asProblem } from "@/api/problem";
import type { Route } from "@/api/types";
import { buttonClass } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PendingPage } from "@/components/ui/pending-page";
import type { CurrentProject } from "@/hooks/use-project";
import { draftQuery } from "../api/get-draft";
import type { DraftSearch } from "../lib/draft-search";
import { DraftEditor } from "./draft-editor";

export interface DraftDetailProps {
  current: CurrentProject;
  route: string;
  /** Why the reader may not change it; null when they may. */
  refusal: string | null;
  search: DraftSearch;
  onSearch: (search: DraftSearch) => void;
  onPublished: (route: Route) => void;
  /** Whether the route is there without its draft. */
  onDiscarded: (isPublished: boolean) => void;
}

export function DraftDetail(props: DraftDetailProps) {
  const { current, route } = props;
  const read = useQuery(draftQuery(current.id, route));
  if (read.data) return <DraftEditor {...props} opened={read.data} />;
  const isGone = read.isError && asProblem(read.error).status === 404;
  return (
    <PendingPage
      title="Draft"
      noun="draft"
      rows={6}
      read={read}
      absence={
        isGone && (
          <EmptyState
            title="There is no draft here"
            action={
              <Link from="/o/$org/p/$project" to="./routes" className={buttonClass("secondary")}>
                All routes
              </Link>
            }
          >
            It was published or discarded, or was never written.
          </EmptyState>
        )
      }
    />
  );
}
