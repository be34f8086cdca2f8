// Two bars for each row, before and after, each with its value in words beside it: a plot that can be read out as it is.
import styles from "./paired-bars.module.css";
import { Swatch } from "./swatch";

interface Side {
  /** Length of the bar, never shown itself. */
  value: number;
  text: string;
}

export interface PairedRow {
  id: string;
  label: string;
  before: Side;
  after: Side;
}

interface PairedBarsProps {
  /** What the plot shows, in a few words. */
  label: string;
  names: { before: string; after: string };
  rows: readonly PairedRow[];
  /** Bars of all rows measure the same thing; else each pair has a scale of its own. */
  shared: boolean;
}

const BEFORE = "var(--text-3)";
const AFTER = "var(--accent)";

export function PairedBars({ label, names, rows, shared }: PairedBarsProps) {
  const all = Math.max(...rows.flatMap(({ before, after }) => [before.value, after.value]));
  return (
    <figure className={styles["plot"]} aria-label={label}>
      <figcaption className={styles["legend"]}>
        <span>
          <Swatch color={BEFORE} /> {names.before}
        </span>
        <span>
          <Swatch color={AFTER} /> {names.after}
        </span>
      </figcaption>
      <dl className={styles["rows"]}>
        {rows.map(({ id, label: name, before, after }) => {
          const most = shared ? all : Math.max(before.value, after.value);
          return (
            <div key={id} className={styles["row"]}>
              <dt>{name}</dt>
              <Bar name={names.before} color={BEFORE} side={before} most={most} />
              <Bar name={names.after} color={AFTER} side={after} most={most} />
            </div>
          );
        })}
      </dl>
    </figure>
  );
}

function Bar({ name, color, side, most }: { name: string; color: string; side: Side; most: number }) {
  const share = most > 0 ? (side.value / most) * 100 : 0;
  return (
    <dd className={styles["side"]}>
      <span className="visually-hidden">{name}: </span>
      <span className={styles["track"]} aria-hidden>
        <span className={styles["bar"]} style={{ width: `${share}%`, background: color }} />
      </span>
      <span className={styles["text"]}>{side.text}</span>
    </dd>
  );
}
