// The open windows that are nearest to their limit, for a page about something else. Says nothing where there is no budget
// or none could be loaded: the page of budgets is where that is explained.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { useNow } from "@/hooks/use-now";
import type { CurrentProject } from "@/hooks/use-project";
import { resetWords } from "@/lib/reset-words";
import { budgetsQuery } from "../api/list-budgets";
import { byNearest, phaseOf, phaseWords, spentOf } from "../lib/budget-state";
import { BudgetLink } from "./budget-link";
import styles from "./nearest-windows.module.css";
import { SpendBar, SpendWords } from "./spend-bar";

const SHOWN = 3;

export function NearestWindows({ current }: { current: CurrentProject }) {
  const budgets = useQuery(budgetsQuery(current.organization.id));
  const now = useNow(30_000);
  const nearest = (budgets.data ?? [])
    .filter(({ scope }) => !scope.project || scope.project === current.id)
    .filter((budget) => budget.status === "active" && spentOf(budget))
    .sort(byNearest)
    .slice(0, SHOWN);
  if (nearest.length === 0) return null;
  return (
    <section aria-labelledby="nearest-windows">
      <div className={styles["head"]}>
        <h2 id="nearest-windows" className={styles["title"]}>
          Budgets nearest to their limit
        </h2>
        <Link
          to="/o/$org/p/$project/budgets"
          params={{ org: current.organization.slug, project: current.slug }}
        >
          All budgets
        </Link>
      </div>
      <ul className={styles["windows"]}>
        {nearest.map((budget) => {
          const { tone, word } = phaseWords(phaseOf(budget));
          return (
            <li key={budget.id}>
              <Card>
                <div className={styles["window"]}>
                  <span className={styles["name"]}>
                    <BudgetLink current={current} budget={budget} />
                    <Badge tone={tone}>{word}</Badge>
                  </span>
                  <SpendWords budget={budget} />
                  <SpendBar budget={budget} />
                  <span className={styles["reset"]}>
                    {resetWords(budget.current_window.resets_at, budget.time_zone, now)}
                  </span>
                </div>
              </Card>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
