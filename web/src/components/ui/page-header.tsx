// The title of a page, one sentence on what it is for, and its main action.
import { type ReactNode, useEffect } from "react";
import styles from "./page-header.module.css";

interface PageHeaderProps {
  title: string;
  intro?: ReactNode;
  actions?: ReactNode;
}

export function PageHeader({ title, intro, actions }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} · Sluicegate`;
  }, [title]);
  return (
    <header className={styles["header"]}>
      <div className={styles["words"]}>
        <h1>{title}</h1>
        {intro && <p className={styles["intro"]}>{intro}</p>}
      </div>
      {actions && <div className={styles["actions"]}>{actions}</div>}
    </header>
  );
}
