// A quiet panel that waits for the first request and then shows what became of it.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { RequestRecord } from "@/api/types";
import { Amount } from "@/components/ui/amount";
import { Badge } from "@/components/ui/badge";
import { Notice } from "@/components/ui/notice";
import { useNow } from "@/hooks/use-now";
import { formatDuration, formatInteger } from "@/lib/format";
import { adviceFor, isServed, requestState, summarizeRequest } from "@/lib/request-summary";
import { newestRequestQuery } from "../api/watch-requests";
import styles from "./first-request.module.css";

/** After this long without a request, the panel offers likely reasons. */
const PATIENCE_MS = 30_000;

interface FirstRequestProps {
  project: string;
  /** The key made on this screen, whose first request is awaited; until then the newest request of any key shows. */
  apiKey: string | null;
  nextSteps: (request: RequestRecord) => ReactNode;
}

export function FirstRequest({ project, apiKey, nextSteps }: FirstRequestProps) {
  const newest = useQuery(newestRequestQuery(project, apiKey));
  return (
    <section className={styles["panel"]} aria-label="First request">
      <div role="status">
        {newest.data ? (
          <Arrived request={newest.data} isFirst={apiKey !== null} />
        ) : (
          <Waiting hasKey={apiKey !== null} />
        )}
      </div>
      {newest.isError && (
        <Notice tone="warn">The list of requests cannot be read right now. Still trying each second.</Notice>
      )}
      {newest.data && isServed(newest.data) && <div className={styles["next"]}>{nextSteps(newest.data)}</div>}
    </section>
  );
}

function Waiting({ hasKey }: { hasKey: boolean }) {
  const [startedAt] = useState(() => Date.now());
  const late = useNow(5_000) - startedAt > PATIENCE_MS;
  return (
    <>
      <p className={styles["heading"]}>
        <span className={styles["pulse"]} aria-hidden />
        Waiting for your first request…
      </p>
      <p className={styles["text"]}>
        {hasKey
          ? "Run the call in a terminal. It shows here as soon as it is done, with its tokens and cost."
          : "Create a key, then run the call in a terminal. It shows here with its tokens and cost."}
      </p>
      {late && hasKey && (
        <ul className={styles["hints"]}>
          <li>A call refused for its key is not listed: check that the whole secret was pasted.</li>
          <li>A connection error means that the address in the call is not reachable from that terminal.</li>
          <li>A new key reaches every worker within a few seconds. Run the call once more.</li>
        </ul>
      )}
    </>
  );
}

function Arrived({ request, isFirst }: { request: RequestRecord; isFirst: boolean }) {
  const served = isServed(request);
  const { tone, word } = requestState(request);
  const advice = adviceFor(request);
  return (
    <>
      <p className={styles["heading"]}>
        {served
          ? isFirst
            ? "Your first request"
            : "Your latest request"
          : "A request arrived, but was not served"}
        <Badge tone={tone}>{word}</Badge>
      </p>
      <p>{summarizeRequest(request)}</p>
      {advice && <p className={styles["text"]}>{advice}</p>}
      <dl className={styles["facts"]}>
        <div>
          <dt>Cost</dt>
          <dd>{request.cost ? <Amount money={request.cost} exact /> : "none"}</dd>
        </div>
        <div>
          <dt>Duration</dt>
          <dd>{formatDuration(request.duration_ms)}</dd>
        </div>
        <div>
          <dt>Tokens in</dt>
          <dd>{formatInteger(request.tokens.input)}</dd>
        </div>
        <div>
          <dt>Tokens out</dt>
          <dd>{formatInteger(request.tokens.output)}</dd>
        </div>
      </dl>
      <p className={styles["model"]}>
        <code>{request.model_served ?? request.model_requested}</code>
      </p>
    </>
  );
}
