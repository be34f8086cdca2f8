// The stages of a rollout as a track: those that are over, the one that runs, those to come, and everybody at the end.
import type { RouteRollout } from "@/api/types";
import styles from "./rollout-stages.module.css";

export function RolloutStages({ rollout }: { rollout: RouteRollout }) {
  const { stages, stage, state } = rollout;
  const shares = [...stages, 100];
  // The last one is not a stage: whoever comes to it is done.
  const reached = state === "completed" ? shares.length : stage;
  return (
    <ol className={styles["track"]} aria-label="Stages">
      {shares.map((share, index) => {
        const at = index + 1;
        const isHere = at === reached;
        const look = isHere ? (styles[state] ?? "") : at < reached ? styles["over"] : "";
        return (
          <li key={share} className={`${styles["stage"]} ${look}`} aria-current={isHere ? "step" : undefined}>
            {share} %
            <span className={styles["word"]}>
              {isHere ? HERE[state] : at < reached ? "over" : share === 100 ? "everybody" : "to come"}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

const HERE: Record<RouteRollout["state"], string> = {
  progressing: "now",
  halted: "halted here",
  completed: "everybody",
  aborted: "given up here",
};
