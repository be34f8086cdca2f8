// What publishing the text of a draft would change.
import { useQuery } from "@tanstack/react-query";
import type { RouteDraftSummary } from "@/api/types";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonBlock } from "@/components/ui/skeleton";
import { versionOfRouteQuery } from "../api/get-version";
import { documentOf } from "../lib/route-document";
import { DiffView } from "./diff-view";
import styles from "./draft-changes.module.css";

interface DraftChangesProps {
  project: string;
  standing: RouteDraftSummary;
  text: string;
}

export function DraftChanges({ project, standing, text }: DraftChangesProps) {
  const version = standing.published_version;
  const published = useQuery({
    ...versionOfRouteQuery(project, standing.route, version ?? 0),
    enabled: version !== null,
  });
  if (version === null) {
    return (
      <div className={styles["changes"]}>
        <p className={styles["intro"]}>The route is not published yet, so all of it is new.</p>
        <DiffView label="The new route" before="" after={text} />
      </div>
    );
  }
  if (published.isError) {
    return (
      <ErrorState
        error={published.error}
        title="The published version could not be loaded."
        onRetry={() => published.refetch()}
      />
    );
  }
  if (!published.data) return <SkeletonBlock height={200} label="Loading the published version" />;
  return (
    <div className={styles["changes"]}>
      <p className={styles["intro"]}>
        From version {version}, which is published, to the text of the draft. Version {version} is written
        out: what the draft leaves out stands there as it is meant.
      </p>
      <DiffView label="Changes of the draft" before={documentOf(published.data)} after={text} />
    </div>
  );
}
