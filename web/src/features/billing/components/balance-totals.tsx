import type { Billing } from "@/api/types";
import { Card } from "@/components/ui/card";
import { formatMoney, formatMoneyExact, toNanos } from "@/lib/money";
import styles from "./balance-totals.module.css";

/** What can be used now, what is reserved for calls, and both together. */
export function BalanceTotals({ billing }: { billing: Billing }) {
  const isEmpty = toNanos(billing.available) <= 0n;
  return (
    <Card flush label="Balance">
      <dl className={styles["totals"]}>
        <div className={styles["total"]}>
          <dt>Available</dt>
          <dd
            className={`${styles["value"]} ${isEmpty ? styles["none"] : ""}`}
            title={formatMoneyExact(billing.available)}
          >
            {formatMoney(billing.available)}
          </dd>
          <dd className={styles["note"]}>
            {isEmpty ? "calls charged to credit are refused" : "for calls, or to be refunded"}
          </dd>
        </div>
        <div className={styles["total"]}>
          <dt>Held</dt>
          <dd className={styles["value"]} title={formatMoneyExact(billing.held)}>
            {formatMoney(billing.held)}
          </dd>
          <dd className={styles["note"]}>reserved for calls; the rest comes back</dd>
        </div>
        <div className={styles["total"]}>
          <dt>Balance</dt>
          <dd className={styles["value"]} title={formatMoneyExact(billing.balance)}>
            {formatMoney(billing.balance)}
          </dd>
          <dd className={styles["note"]}>
            {formatMoney(billing.total_used)} used of {formatMoney(billing.total_credits)} in all
          </dd>
        </div>
      </dl>
    </Card>
  );
}
