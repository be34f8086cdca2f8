// The rollout of a route while somebody watches it: how far it is, what both versions do, and what can be done with it.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { RouteRollout } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { SkeletonRows } from "@/components/ui/skeleton";
import { TimeAgo } from "@/components/ui/time-ago";
import { useMemberNames } from "@/hooks/use-member-names";
import type { CurrentProject } from "@/hooks/use-project";
import { formatMoment, formatUtc } from "@/lib/time";
import { rolloutQuery } from "../api/get-rollout";
import { type GraveStep, type RolloutStep, useStepRollout } from "../api/step-rollout";
import { rolloutState, shareWords, verdictWords } from "../lib/rollout-words";
import { RolloutActions } from "./rollout-actions";
import { RolloutFigures } from "./rollout-figures";
import styles from "./rollout-panel.module.css";
import { RolloutStages } from "./rollout-stages";
import { RolloutStepDialog } from "./rollout-step-dialog";

/** As often as the server looks. */
const LIVE_MS = 10_000;

interface RolloutPanelProps {
  current: CurrentProject;
  route: string;
  mayWrite: boolean;
}

export function RolloutPanel(props: RolloutPanelProps) {
  const read = useQuery({ ...rolloutQuery(props.current.id, props.route), refetchInterval: LIVE_MS });
  return (
    <div className={styles["panel"]}>
      <Card flush label="Rollout">
        {read.data && <Loaded {...props} shown={read.data} />}
        {read.isLoadingError && (
          <ErrorState
            error={read.error}
            title="The rollout could not be loaded."
            onRetry={() => read.refetch()}
          />
        )}
        {read.isPending && <SkeletonRows rows={4} label="Loading the rollout" />}
      </Card>
    </div>
  );
}

function Loaded({ current, route, mayWrite, shown }: RolloutPanelProps & { shown: Tagged<RouteRollout> }) {
  const { value: rollout } = shown;
  const step = useStepRollout(current.id, route);
  const nameOf = useMemberNames(current.organization.id);
  const [confirming, setConfirming] = useState<{ step: GraveStep; on: Tagged<RouteRollout> } | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const [steps, setSteps] = useState(0);
  const { tone, word } = rolloutState(rollout);

  // The button that was pressed is gone with the state that it was for; the focus must not be lost with it.
  useEffect(() => {
    if (steps > 0) heading.current?.focus();
  }, [steps]);

  function act(next: RolloutStep, on: Tagged<RouteRollout>) {
    step.mutate(
      { step: next, etag: on.etag },
      {
        onSuccess: () => {
          setConfirming(null);
          setSteps((done) => done + 1);
        },
      },
    );
  }

  return (
    <>
      <div className={styles["head"]}>
        <div>
          <h2 ref={heading} tabIndex={-1} className={styles["title"]}>
            Rollout of version {rollout.version} <Badge tone={tone}>{word}</Badge>
          </h2>
          <p className={styles["begun"]}>
            Begun <TimeAgo at={rollout.started_at} /> by {nameOf(rollout.started_by)}
          </p>
        </div>
        {mayWrite && (
          <RolloutActions
            rollout={rollout}
            pending={step.isPending ? step.variables.step : null}
            onStep={(next) => act(next, shown)}
            onAsk={(next) => {
              step.reset();
              setConfirming({ step: next, on: shown });
            }}
          />
        )}
      </div>
      <div className={styles["standing"]}>
        {step.error && !confirming && <Notice tone="bad">{stepProblem(step.error)}</Notice>}
        {rollout.state === "halted" && rollout.reason && (
          <Notice tone="warn">
            <strong>Why it is halted:</strong> {rollout.reason.detail}
          </Notice>
        )}
        <RolloutStages rollout={rollout} />
        <p role="status">
          {shareWords(rollout)} {verdictWords(rollout)}
        </p>
        {rollout.waiting_for === "time" && rollout.holds_until && (
          <p className={styles["until"]}>
            This stage lasts at least until{" "}
            <time title={formatUtc(rollout.holds_until)}>{formatMoment(rollout.holds_until)}</time>.
          </p>
        )}
      </div>
      <RolloutFigures rollout={rollout} />
      {confirming && (
        <RolloutStepDialog
          step={confirming.step}
          rollout={confirming.on.value}
          problem={step.error && stepProblem(step.error)}
          pending={step.isPending}
          onConfirm={() => act(confirming.step, confirming.on)}
          onClose={() => setConfirming(null)}
        />
      )}
    </>
  );
}

function stepProblem(error: unknown): string {
  const problem = asProblem(error);
  if (problem.status !== 412) return problem.message;
  return "It went on since you looked at it, so nothing was done. See how it stands now.";
}
