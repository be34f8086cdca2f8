// A quiet band of text inside a page: something to know, not something that failed.
import type { ReactNode } from "react";
import styles from "./notice.module.css";

export function Notice({ tone, children }: { tone: "info" | "ok" | "warn" | "bad"; children: ReactNode }) {
  return (
    <div className={`${styles["notice"]} ${styles[tone]}`} role={tone === "bad" ? "alert" : undefined}>
      {children}
    </div>
  );
}
