// The full record of one request: the sentence, the attempts, the decision, cost and tokens, and the facts to quote.
import { Fragment, type ReactNode } from "react";
import type { RequestRecord } from "@/api/types";
import { Amount } from "@/components/ui/amount";
import { CopyButton } from "@/components/ui/copy-button";
import { formatDuration, formatInteger } from "@/lib/format";
import { adviceFor, summarizeRequest } from "@/lib/request-summary";
import { formatMoment, formatUtc } from "@/lib/time";
import { AttemptsTimeline } from "./attempts-timeline";
import { DecisionCandidates } from "./decision-candidates";
import { ModelPath } from "./model-path";
import styles from "./request-detail.module.css";
import { RequestStatus } from "./request-status";

const EVIDENCE: Record<RequestRecord["cost_evidence"], string> = {
  reported: "from the usage the provider reported",
  estimated: "estimated from the text, because the provider reported no usage",
  uncertain: "an upper bound: the call ended before its usage was known",
  none: "nothing was billed",
};

export function RequestDetail({ project, request }: { project: string; request: RequestRecord }) {
  const { tokens } = request;
  const advice = adviceFor(request);
  return (
    <div className={styles["detail"]}>
      <section className={styles["summary"]}>
        <RequestStatus request={request} />
        <p className={styles["sentence"]}>{summarizeRequest(request)}</p>
        {advice && <p className={styles["advice"]}>{advice}</p>}
      </section>
      <Section title="Attempts">
        <AttemptsTimeline request={request} />
      </Section>
      <Section title="Decision">
        <DecisionCandidates project={project} request={request.id} />
      </Section>
      <Section title="Cost and tokens">
        <p className={styles["cost"]}>
          {request.cost ? <Amount money={request.cost} exact /> : "No cost"}
          <span className={styles["evidence"]}>{EVIDENCE[request.cost_evidence]}</span>
        </p>
        <Facts
          facts={[
            ["Input tokens", formatInteger(tokens.input)],
            ["of them read from cache", tokens.cache_read > 0 && formatInteger(tokens.cache_read)],
            ["of them written to cache", tokens.cache_write > 0 && formatInteger(tokens.cache_write)],
            ["Output tokens", formatInteger(tokens.output)],
            ["of them reasoning", tokens.reasoning > 0 && formatInteger(tokens.reasoning)],
          ]}
        />
      </Section>
      <Section title="Details">
        <Facts
          facts={[
            ["Model", <ModelPath key="model" request={request} />],
            ["Route", request.route && `route/${request.route.slug}, version ${request.route.version}`],
            ["Experiment", request.experiment && `${request.experiment.name}, arm ${request.experiment.arm}`],
            ["Key", request.key?.name],
            ["Operation", `${request.operation.replaceAll("_", " ")}${request.stream ? ", streamed" : ""}`],
            ["Dialect", dialects(request)],
            ["Lost in translation", request.dropped && <code key="dropped">{request.dropped}</code>],
            [
              "Started",
              <time key="at" title={formatUtc(request.started_at)}>
                {formatMoment(request.started_at)}
              </time>,
            ],
            ["Duration", formatDuration(request.duration_ms)],
            ["First token", typeof request.ttft_ms === "number" && formatDuration(request.ttft_ms)],
            ["Added by the gateway", formatDuration(request.overhead_ms)],
            ["Error code", request.error_code && <code key="code">{request.error_code}</code>],
            [
              "Request id",
              <span key="id" className={styles["id"]}>
                <code>{request.id}</code>
                <CopyButton text={request.id} label="Copy request id" compact />
              </span>,
            ],
          ]}
        />
      </Section>
    </div>
  );
}

/** The dialects a request went through, two where it was translated. */
function dialects({ dialect, upstream_dialect: upstream }: RequestRecord): string | null {
  const words = [dialect, upstream].filter((word, index, all) => word && all.indexOf(word) === index);
  return words.map((word) => word?.replaceAll("_", " ")).join(" → ") || null;
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles["section"]}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles["facts"]}>
      {facts
        .filter(([, value]) => Boolean(value))
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}
