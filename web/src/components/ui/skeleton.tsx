// Grey shapes of the size of what is coming. Nothing shows for the first 150 ms, so quick answers never flicker.
import styles from "./skeleton.module.css";

export function SkeletonRows({ rows, label }: { rows: number; label: string }) {
  return (
    <div className={styles["rows"]} role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: rows }, (_, index) => `row-${index}`).map((key) => (
        <div key={key} className={styles["row"]} />
      ))}
    </div>
  );
}

export function SkeletonBlock({ height, label }: { height: number; label: string }) {
  return (
    <div className={styles["rows"]} role="status">
      <span className="visually-hidden">{label}</span>
      <div className={styles["block"]} style={{ height }} />
    </div>
  );
}
