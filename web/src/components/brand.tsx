import styles from "./brand.module.css";

/** The mark, a gate over water, and the name. */
export function Brand() {
  return (
    <span className={styles["brand"]}>
      <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
        <path d="M4 4v16M20 4v16" stroke="currentColor" strokeWidth="2.25" strokeLinecap="round" />
        <rect x="7.5" y="3.5" width="9" height="8" rx="1.25" fill="currentColor" />
        <path
          d="M7.5 15.2c1.5 0 1.5 1 3 1s1.5-1 3-1 1.5 1 3 1M7.5 19c1.5 0 1.5 1 3 1s1.5-1 3-1 1.5 1 3 1"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.6"
          strokeLinecap="round"
        />
      </svg>
      <span>Sluicegate</span>
    </span>
  );
}
