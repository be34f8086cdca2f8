import styles from "./swatch.module.css";

export function Swatch({ color }: { color: string }) {
  return <span className={styles["swatch"]} style={{ background: color }} aria-hidden />;
}
