import type { Constraints } from "@/api/types";
import { constraintLines } from "@/lib/constraint-words";
import styles from "./constraint-list.module.css";

interface ConstraintListProps {
  constraints: Constraints;
  /** What to say when nothing is demanded. */
  none: string;
}

/** One line for each thing that is demanded. */
export function ConstraintList({ constraints, none }: ConstraintListProps) {
  const lines = constraintLines(constraints);
  if (lines.length === 0) return <p className={styles["none"]}>{none}</p>;
  return (
    <dl className={styles["list"]}>
      {lines.map(({ name, label, text }) => (
        <div key={name} className={styles["line"]}>
          <dt>{label}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
