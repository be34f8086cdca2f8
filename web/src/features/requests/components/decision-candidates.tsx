// What a request could have gone to: those that could serve in their order, then those that were left out and why.
import { useQuery } from "@tanstack/react-query";
import type { DecisionCandidate } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonRows } from "@/components/ui/skeleton";
import { formatInteger } from "@/lib/format";
import { decisionQuery } from "../api/get-decision";
import { armInWords, causeInWords, objection, outcomeInWords, scoreInWords } from "../lib/decision-words";
import styles from "./decision-candidates.module.css";

export function DecisionCandidates({ project, request }: { project: string; request: string }) {
  const decision = useQuery(decisionQuery(project, request));
  if (decision.isPending) return <SkeletonRows rows={2} label="Loading the decision" />;
  if (decision.isError) {
    return (
      <ErrorState
        error={decision.error}
        title="The decision could not be loaded."
        onRetry={() => decision.refetch()}
      />
    );
  }
  if (decision.data === null) {
    return <p className={styles["cause"]}>It was refused before anything was decided.</p>;
  }
  const { candidates, omitted, config_version: version, facts } = decision.data;
  return (
    <>
      <p className={styles["cause"]}>
        {[causeInWords(decision.data), armInWords(decision.data)].filter(Boolean).join(" ")}
      </p>
      {candidates.length > 0 && (
        <ol className={styles["list"]} aria-label="Candidates">
          {candidates.map((candidate, index) => (
            // Two targets of a route may be the same.
            // biome-ignore lint/suspicious/noArrayIndexKey: a decision never changes
            <Candidate key={index} candidate={candidate} />
          ))}
        </ol>
      )}
      <p className={styles["facts"]}>
        <span>{formatInteger(facts.input_tokens)} input tokens estimated</span>
        {facts.max_output_tokens !== null && (
          <span>at most {formatInteger(facts.max_output_tokens)} generated</span>
        )}
        <span>configuration {version}</span>
        {omitted > 0 && <span>{omitted} more candidates</span>}
      </p>
    </>
  );
}

function Candidate({ candidate }: { candidate: DecisionCandidate }) {
  const { word, tone } = outcomeInWords(candidate);
  const arm = candidate.arm === null ? null : `arm ${candidate.arm}`;
  const details = [arm, objection(candidate), scoreInWords(candidate)].filter((it) => it !== null);
  return (
    <li className={styles["candidate"]}>
      <span className={styles["rank"]}>{candidate.rank ?? "–"}</span>
      <span className={styles["who"]}>
        {candidate.provider ?? "no connection"} <span className={styles["model"]}>{candidate.model}</span>
      </span>
      <Badge tone={tone}>{word}</Badge>
      {details.length > 0 && <span className={styles["details"]}>{details.join(" · ")}</span>}
    </li>
  );
}
