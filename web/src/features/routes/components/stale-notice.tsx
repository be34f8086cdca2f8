// Another version was published since the draft was begun: what it changed, and the way on.
import { useQuery } from "@tanstack/react-query";
import type { RouteDraftSummary } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Disclosure } from "@/components/ui/disclosure";
import { Notice } from "@/components/ui/notice";
import { versionOfRouteQuery } from "../api/get-version";
import { documentOf } from "../lib/route-document";
import { DiffView } from "./diff-view";
import styles from "./stale-notice.module.css";

interface StaleNoticeProps {
  project: string;
  standing: RouteDraftSummary;
  mayWrite: boolean;
  onTakenOver: (version: number) => void;
}

export function StaleNotice({ project, standing, mayWrite, onTakenOver }: StaleNoticeProps) {
  const { route, base_version: base, published_version: version } = standing;
  const before = useQuery({ ...versionOfRouteQuery(project, route, base ?? 0), enabled: base !== null });
  const after = useQuery({ ...versionOfRouteQuery(project, route, version ?? 0), enabled: version !== null });
  if (version === null) return null;
  return (
    <div className={styles["stale"]}>
      <Notice tone="warn">
        <p>
          Version {version} was published since the draft was begun
          {base !== null && ` from version ${base}`}. It can be published once it takes over what version{" "}
          {version} changed.
        </p>
        {mayWrite && (
          <Button size="small" onClick={() => onTakenOver(version)}>
            It takes over version {version}
          </Button>
        )}
      </Notice>
      {before.data && after.data && (
        <Disclosure title={`What changed from version ${base} to ${version}`} initiallyOpen>
          <DiffView
            label={`Changes since version ${base}`}
            before={documentOf(before.data)}
            after={documentOf(after.data)}
          />
        </Disclosure>
      )}
    </div>
  );
}
