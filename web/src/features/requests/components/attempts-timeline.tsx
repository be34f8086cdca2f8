// Each upstream try as a bar on the request's own time axis. Attempts run one after another, so each starts where the
// previous one ended; the tick marks the first token.
import type { Attempt, RequestRecord } from "@/api/types";
import { Amount } from "@/components/ui/amount";
import { Badge } from "@/components/ui/badge";
import { formatDuration } from "@/lib/format";
import { layOutAttempts } from "../lib/lay-out-attempts";
import styles from "./attempts-timeline.module.css";

export function AttemptsTimeline({ request }: { request: RequestRecord }) {
  const spans = layOutAttempts(request);
  if (spans.length === 0) {
    return <p className={styles["none"]}>No provider was called.</p>;
  }
  return (
    <ol className={styles["list"]}>
      {spans.map(({ attempt, startPercent, widthPercent, firstTokenPercent }) => (
        <li key={attempt.index} className={styles["attempt"]}>
          <div className={styles["head"]}>
            <span className={styles["who"]}>
              {attempt.provider}
              {attempt.connection && <span className={styles["via"]}> via {attempt.connection}</span>}
            </span>
            <Badge tone={isGood(attempt) ? "ok" : "bad"}>{outcomeOf(attempt)}</Badge>
          </div>
          <div className={styles["track"]} aria-hidden>
            <div
              className={`${styles["bar"]} ${isGood(attempt) ? "" : styles["bad"]}`}
              style={{ marginLeft: `${startPercent}%`, width: `${widthPercent}%` }}
            >
              {firstTokenPercent !== null && (
                <span className={styles["tick"]} style={{ left: `${firstTokenPercent}%` }} />
              )}
            </div>
          </div>
          <p className={styles["facts"]}>
            <span className="mono">{attempt.upstream_model}</span>
            <span>{formatDuration(attempt.duration_ms)}</span>
            {typeof attempt.ttft_ms === "number" && (
              <span>first token {formatDuration(attempt.ttft_ms)}</span>
            )}
            {attempt.cost && <Amount money={attempt.cost} exact />}
          </p>
        </li>
      ))}
    </ol>
  );
}

function isGood(attempt: Attempt): boolean {
  return attempt.outcome === "served";
}

function outcomeOf(attempt: Attempt): string {
  const outcome = attempt.outcome === "served" ? "OK" : attempt.outcome.replaceAll("_", " ");
  return typeof attempt.status === "number" ? `${attempt.status} ${outcome}` : outcome;
}
