// The terms of a budget, one line each.
import type { Budget } from "@/api/types";
import { formatMoneyExact } from "@/lib/money";
import { partWords, type ScopeNames, sharers } from "@/lib/scope";
import { formatDay, formatUtc } from "@/lib/time";
import {
  ENFORCEMENTS,
  enforcementWord,
  exceedWords,
  perInterval,
  scheduleWords,
  unknownPriceWords,
} from "../lib/terms-words";
import styles from "./budget-facts.module.css";

export function BudgetFacts({ budget, names }: { budget: Budget; names: ScopeNames }) {
  const { scope, interval, anchor, time_zone, enforcement } = budget;
  const parts = partWords(scope, names);
  const alone = sharers(scope);
  const hint = ENFORCEMENTS.find(({ value }) => value === enforcement)?.hint;
  return (
    <dl className={styles["facts"]}>
      <dt>Limit</dt>
      <dd>
        {formatMoneyExact(budget.limit)} {perInterval(interval)}
        {alone && ` for each ${alone}`}
      </dd>
      <dt>Periods</dt>
      <dd>{scheduleWords({ interval, anchor, timeZone: time_zone })}</dd>
      {scope.project && (
        <>
          <dt>Project</dt>
          <dd>{names.projects.get(scope.project) ?? scope.project}</dd>
        </>
      )}
      {scope.key && (
        <>
          <dt>Key</dt>
          <dd>{names.keys.get(scope.key) ?? scope.key}</dd>
        </>
      )}
      {parts.length > 0 && (
        <>
          <dt>Only</dt>
          <dd>{parts.join(" · ")}</dd>
        </>
      )}
      <dt>Kept</dt>
      <dd>
        {enforcementWord(enforcement)}; {exceedWords(budget, names.routes)}.
        <span className={styles["note"]}>{hint}</span>
      </dd>
      <dt>Own accounts</dt>
      <dd>
        {budget.counts_own_connections
          ? "Calls over your own provider accounts count."
          : "Calls over your own provider accounts do not count."}
      </dd>
      <dt>Unknown price</dt>
      <dd>Such calls are {unknownPriceWords(budget.unknown_price)}.</dd>
      <dt>Warns at</dt>
      <dd>{budget.alert_thresholds.length > 0 ? `${budget.alert_thresholds.join(", ")} %` : "never"}</dd>
      <dt>Created</dt>
      <dd>
        <time title={formatUtc(budget.created_at)}>{formatDay(budget.created_at)}</time>
      </dd>
    </dl>
  );
}
