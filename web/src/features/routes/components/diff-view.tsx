// The difference between two documents. Signs and words say what colors say.
import { plural } from "@/lib/format";
import { type DiffLine, hunks, lineDiff, type Skip } from "../lib/line-diff";
import styles from "./diff-view.module.css";

const SIGNS = { same: " ", added: "+", removed: "−" } as const;
const SPOKEN = { same: "", added: "added: ", removed: "removed: " } as const;

interface DiffViewProps {
  label: string;
  before: string;
  after: string;
}

export function DiffView({ label, before, after }: DiffViewProps) {
  const diff = lineDiff(before, after);
  if (diff.every(({ kind }) => kind === "same")) {
    return <p className={styles["none"]}>They say the same.</p>;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className={styles["diff"]} tabIndex={0} aria-label={label}>
      <ol>
        {hunks(diff).map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines may repeat, and a difference is drawn whole
          <Line key={index} line={line} />
        ))}
      </ol>
    </section>
  );
}

function Line({ line }: { line: DiffLine | Skip }) {
  if (line.kind === "skip") {
    return <li className={styles["skip"]}>{plural(line.lines, "unchanged line")}</li>;
  }
  return (
    <li className={`${styles["line"]} ${styles[line.kind]}`}>
      <span className={styles["number"]} aria-hidden>
        {line.after ?? line.before}
      </span>
      <span aria-hidden>{SIGNS[line.kind]}</span>
      <code>
        <span className="visually-hidden">{SPOKEN[line.kind]}</span>
        {line.text}
      </code>
    </li>
  );
}
