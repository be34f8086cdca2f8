import type { ReactNode } from "react";
import styles from "./filters.module.css";

export function FilterBar({ label, children, end }: { label: string; children: ReactNode; end?: ReactNode }) {
  return (
    <search aria-label={label} className={styles["bar"]}>
      {children}
      {end && <div className={styles["push"]}>{end}</div>}
    </search>
  );
}
