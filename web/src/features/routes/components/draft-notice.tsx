// Says that a route has a draft, and leads to it.
import { Link } from "@tanstack/react-router";
import type { RouteDraftSummary } from "@/api/types";
import { buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { TimeAgo } from "@/components/ui/time-ago";
import { useMemberNames } from "@/hooks/use-member-names";
import type { CurrentProject } from "@/hooks/use-project";
import { basedOn } from "../lib/draft-words";
import styles from "./draft-notice.module.css";

export function DraftNotice({ current, draft }: { current: CurrentProject; draft: RouteDraftSummary }) {
  const nameOf = useMemberNames(current.organization.id);
  return (
    <div className={styles["draft"]}>
      <Notice tone="info">
        <div className={styles["row"]}>
          <span>
            There is a draft of it, based on {basedOn(draft)}, written <TimeAgo at={draft.updated_at} /> by{" "}
            {nameOf(draft.updated_by)}.
          </span>
          <Link
            to="/o/$org/p/$project/routes/$route/draft"
            params={{ org: current.organization.slug, project: current.slug, route: draft.route }}
            className={buttonClass("secondary", "small")}
          >
            Open the draft
          </Link>
        </div>
      </Notice>
    </div>
  );
}
