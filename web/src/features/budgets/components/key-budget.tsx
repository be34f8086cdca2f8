// The budgets of keys, for the list of keys: of each key the one nearest to its limit.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Budget } from "@/api/types";
import type { CurrentProject } from "@/hooks/use-project";
import { budgetsQuery } from "../api/list-budgets";
import { byNearest } from "../lib/budget-state";
import { perInterval } from "../lib/terms-words";
import { BudgetLink } from "./budget-link";
import styles from "./key-budget.module.css";
import { SpendBar, SpendWords } from "./spend-bar";

/** What to show beside a key, by its id; null when no key of the project has a budget in force. */
export function useKeyBudgets(current: CurrentProject): ((key: string) => ReactNode) | null {
  const budgets = useQuery(budgetsQuery(current.organization.id));
  const ofKeys = (budgets.data ?? [])
    .filter(({ scope, status }) => scope.key && scope.project === current.id && status === "active")
    .sort(byNearest);
  if (ofKeys.length === 0) return null;
  return (key) => {
    const own = ofKeys.filter(({ scope }) => scope.key === key);
    const [nearest] = own;
    return nearest ? <KeyBudget current={current} budget={nearest} others={own.length - 1} /> : null;
  };
}

interface KeyBudgetProps {
  current: CurrentProject;
  budget: Budget;
  others: number;
}

function KeyBudget({ current, budget, others }: KeyBudgetProps) {
  return (
    <span className={styles["budget"]}>
      <SpendWords budget={budget} after={perInterval(budget.interval)} />
      <SpendBar budget={budget} />
      <span className={styles["muted"]}>
        <BudgetLink current={current} budget={budget} />
        {others > 0 && ` and ${others} more`}
      </span>
    </span>
  );
}
