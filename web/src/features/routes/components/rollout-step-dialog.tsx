// Asks before a step that decides which version people are served by.
import type { RouteRollout } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";
import type { GraveStep } from "../api/step-rollout";

interface RolloutStepDialogProps {
  step: GraveStep;
  /** As it stood when the step was asked for. */
  rollout: RouteRollout;
  problem: string | null;
  pending: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function RolloutStepDialog(props: RolloutStepDialogProps) {
  const { step, rollout, problem, pending, onConfirm, onClose } = props;
  const { title, description, action } = wordsOf(step, rollout);
  return (
    <Dialog open onOpenChange={(next) => !next && onClose()} title={title} description={description}>
      {problem && <Notice tone="bad">{problem}</Notice>}
      {step === "complete" && rollout.state === "halted" && rollout.reason && (
        <Notice tone="warn">It is halted: {rollout.reason.detail}</Notice>
      )}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          variant={step === "abort" ? "danger" : "primary"}
          onClick={onConfirm}
          pending={pending && "One moment…"}
        >
          {action}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function wordsOf(step: GraveStep, { version, base_version, stages, stage }: RouteRollout) {
  const share = stages[stage - 1];
  switch (step) {
    case "complete":
      return {
        title: `Complete the rollout of version ${version}`,
        description: `It serves everybody within seconds, without the stages that are left. Version ${base_version} can be published again at any time.`,
        action: `Publish version ${version}`,
      };
    case "abort":
      return {
        title: `Abort the rollout of version ${version}`,
        description: `Version ${base_version} serves everybody within seconds. Version ${version} stays in the list of versions, but its rollout cannot be taken up again.`,
        action: "Abort rollout",
      };
    case "resume":
      return {
        title: `Resume the rollout of version ${version}`,
        description: `It serves ${share} of 100 conversations again, and both versions are compared anew: what was seen so far does not count any more.`,
        action: `Resume at ${share} %`,
      };
  }
}
