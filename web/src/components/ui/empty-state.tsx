// What a list says when it has nothing: one sentence, one action, one example.
import type { ReactNode } from "react";
import styles from "./empty-state.module.css";

interface EmptyStateProps {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

export function EmptyState({ title, children, action }: EmptyStateProps) {
  return (
    <div className={styles["empty"]}>
      <p className={styles["title"]}>{title}</p>
      {children && <div className={styles["text"]}>{children}</div>}
      {action && <div className={styles["action"]}>{action}</div>}
    </div>
  );
}
