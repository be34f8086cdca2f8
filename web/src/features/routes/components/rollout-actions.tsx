// What can be done with a rollout as it stands. What takes users to another version for good, or back to one that was halted,
// asks first.
import type { RouteRollout } from "@/api/types";
import { Button } from "@/components/ui/button";
import type { GraveStep, RolloutStep } from "../api/step-rollout";
import { nextShare } from "../lib/rollout-words";
import styles from "./rollout-actions.module.css";

interface RolloutActionsProps {
  rollout: RouteRollout;
  /** The step that is under way. */
  pending: RolloutStep | null;
  onStep: (step: RolloutStep) => void;
  /** To be confirmed. */
  onAsk: (step: GraveStep) => void;
}

export function RolloutActions({ rollout, pending, onStep, onAsk }: RolloutActionsProps) {
  const { state, stages, stage } = rollout;
  if (state === "completed" || state === "aborted") return null;
  const next = nextShare(rollout);
  return (
    <div className={styles["actions"]}>
      {state === "progressing" && (
        <>
          <Button onClick={() => onStep("halt")} pending={pending === "halt" && "Halting…"}>
            Halt
          </Button>
          {next < 100 && (
            <Button onClick={() => onStep("advance")} pending={pending === "advance" && "Advancing…"}>
              Advance to {next} %
            </Button>
          )}
        </>
      )}
      {state === "halted" && (
        <Button onClick={() => onAsk("resume")}>Resume at {stages[stage - 1]} %…</Button>
      )}
      <Button onClick={() => onAsk("complete")}>Complete…</Button>
      <Button variant="danger" onClick={() => onAsk("abort")}>
        Abort…
      </Button>
    </div>
  );
}
