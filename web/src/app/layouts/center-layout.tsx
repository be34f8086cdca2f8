import type { ReactNode } from "react";
import { Brand } from "@/components/brand";
import styles from "./center-layout.module.css";

/** One narrow column in the middle of the page: signing in, and pages that stand alone. */
export function CenterLayout({ children }: { children: ReactNode }) {
  return (
    <main className={styles["page"]}>
      <div className={styles["column"]}>
        <Brand />
        {children}
      </div>
    </main>
  );
}
