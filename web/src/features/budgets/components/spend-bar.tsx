// What is spent of a window, as a bar and in words. The bar is for the eye alone: everything it shows is said beside it.
import type { Budget } from "@/api/types";
import { formatShare } from "@/lib/format";
import { formatMoney, formatMoneyExact, toNanos } from "@/lib/money";
import { openLimit, type Phase, phaseOf, spentOf } from "../lib/budget-state";
import styles from "./spend-bar.module.css";

/**
 * Settled solid, held hatched, the shares at which people are warned as marks. Nothing where everybody has the limit
 * alone: a sum of all says nothing about any of them.
 */
export function SpendBar({ budget, large = false }: { budget: Budget; large?: boolean }) {
  const spent = spentOf(budget);
  if (!spent) return null;
  const settled = Math.min(spent.settled, 100);
  const held = Math.min(spent.held, 100 - settled);
  return (
    <div
      className={`${styles["bar"]} ${styles[toneOf(phaseOf(budget))]} ${large ? styles["large"] : ""}`}
      aria-hidden
    >
      <div className={styles["settled"]} style={{ width: `${settled}%` }} />
      <div className={styles["held"]} style={{ width: `${held}%` }} />
      {budget.alert_thresholds
        .filter((percent) => percent < 100)
        .map((percent) => (
          <i key={percent} className={styles["mark"]} style={{ left: `${percent}%` }} />
        ))}
    </div>
  );
}

/** `$84.10 of $100.00  84 %`, or what all people spent where each has a limit alone. */
export function SpendWords({ budget, after }: { budget: Budget; after?: string }) {
  const { settled, held } = budget.current_window;
  const spent = spentOf(budget);
  const unit = after ? <span className={styles["note"]}> {after}</span> : null;
  return (
    <span className={styles["words"]}>
      <span className="num" title={`exactly ${formatMoneyExact(settled)}`}>
        <b className={styles["amount"]}>{formatMoney(settled)}</b>
        {spent ? ` of ${formatMoney(openLimit(budget))}` : ` by all, ${formatMoney(openLimit(budget))} each`}
        {unit}
      </span>
      {spent && (
        <span className={styles["note"]}>
          {held && toNanos(held) > 0n && `${formatMoney(held)} held · `}
          {formatShare(spent.settled + spent.held, 100)}
        </span>
      )}
    </span>
  );
}

function toneOf(phase: Phase): "plain" | "warn" | "bad" | "idle" {
  switch (phase) {
    case "open":
      return "plain";
    case "nearly":
      return "warn";
    case "full":
    case "exceeded":
      return "bad";
    case "disabled":
      return "idle";
  }
}
