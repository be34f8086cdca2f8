// A state as word, shape and colour together, so that none of them is needed alone.
import styles from "./badge.module.css";

export type Tone = "ok" | "warn" | "bad" | "idle";

export function Badge({ tone, children, title }: { tone: Tone; children: string; title?: string }) {
  return (
    <span className={`${styles["badge"]} ${styles[tone]}`} title={title}>
      <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
        {tone === "ok" && <circle cx="4" cy="4" r="3.5" />}
        {tone === "warn" && <path d="M4 .5 8 7.5H0Z" />}
        {tone === "bad" && <path d="M4 0 8 4 4 8 0 4Z" />}
        {tone === "idle" && (
          <circle cx="4" cy="4" r="2.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
        )}
      </svg>
      {children}
    </span>
  );
}
