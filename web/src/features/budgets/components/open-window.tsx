// The window that is open now: how much is spent of it, what is left, when it resets, and what that means for calls.
import type { Budget } from "@/api/types";
import { Amount } from "@/components/ui/amount";
import { Notice } from "@/components/ui/notice";
import { useNow } from "@/hooks/use-now";
import { formatShare } from "@/lib/format";
import { formatMoney, formatMoneyExact } from "@/lib/money";
import { resetWords } from "@/lib/reset-words";
import { sharers } from "@/lib/scope";
import { formatUtc } from "@/lib/time";
import { isZero, signed } from "../lib/adjustment-draft";
import { consequence, openLimit, phaseOf, spentOf } from "../lib/budget-state";
import { perInterval } from "../lib/terms-words";
import styles from "./open-window.module.css";
import { SpendBar } from "./spend-bar";

export function OpenWindow({ budget }: { budget: Budget }) {
  const now = useNow(10_000);
  const { settled, held, adjusted_by, remaining, resets_at } = budget.current_window;
  const phase = phaseOf(budget);
  const means = consequence(budget, phase);
  const spent = spentOf(budget);
  const alone = sharers(budget.scope);
  return (
    <div className={styles["window"]}>
      <p className={styles["sum"]}>
        <span className={styles["amount"]} title={formatMoneyExact(settled)}>
          {formatMoney(settled)}
        </span>
        <span className={styles["of"]}>
          {alone
            ? `spent by all; each ${alone} has ${formatMoney(openLimit(budget))} ${perInterval(budget.interval)}`
            : `of ${formatMoney(openLimit(budget))} ${perInterval(budget.interval)}`}
        </span>
      </p>
      <SpendBar budget={budget} large />
      <p className={styles["reset"]} title={resets_at ? formatUtc(resets_at) : undefined}>
        {sentence(resetWords(resets_at, budget.time_zone, now))}
      </p>
      <dl className={styles["facts"]}>
        <dt>Settled</dt>
        <dd>
          <Amount money={settled} exact />
          {spent && <span className={styles["note"]}> {formatShare(spent.settled, 100)}</span>}
        </dd>
        {!alone && (
          <>
            <dt>Held</dt>
            <dd>
              {held ? (
                <>
                  <Amount money={held} exact /> <span className={styles["note"]}>by workers, for calls</span>
                </>
              ) : (
                <span className={styles["note"]}>not known now</span>
              )}
            </dd>
          </>
        )}
        {!isZero(adjusted_by) && (
          <>
            <dt>Adjusted</dt>
            <dd>
              <span className="num">{signed(adjusted_by)}</span>{" "}
              <span className={styles["note"]}>in this window, beside {formatMoney(budget.limit)}</span>
            </dd>
          </>
        )}
        {remaining && (
          <>
            <dt>Left</dt>
            <dd>
              <Amount money={remaining} exact />
            </dd>
          </>
        )}
      </dl>
      {means && <Notice tone={phase === "exceeded" || phase === "full" ? "bad" : "info"}>{means}</Notice>}
    </div>
  );
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
