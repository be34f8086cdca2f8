// What budgets would say to a call, as far as the mock goes: project, key, tag, and whether the cost fits.
import type { Budget, BudgetEvaluation, BudgetVerdict, EvaluateBudgets, EvaluatedBudget } from "@/api/types";
import { currentProject } from "./fixtures.ts";

const STRICTNESS: readonly BudgetVerdict[] = ["refused", "rerouted", "throttled", "contested", "admitted"];

export function evaluated(budgets: readonly Budget[], call: EvaluateBudgets): BudgetEvaluation {
  const over = budgets
    .filter((budget) => budget.status === "active" && covers(budget, call))
    .map((budget) => judged(budget, call))
    .sort((one, other) => STRICTNESS.indexOf(one.verdict) - STRICTNESS.indexOf(other.verdict));
  return { verdict: over[0]?.verdict ?? "admitted", binding: over[0]?.budget ?? null, budgets: over };
}

function covers({ scope }: Budget, call: EvaluateBudgets): boolean {
  return (
    (!scope.project || scope.project === currentProject.id) &&
    (!scope.key || scope.key === call.key) &&
    (!scope.tag || (call.tags ?? []).includes(scope.tag)) &&
    (!scope.route || scope.route === call.route) &&
    (!scope.end_user || Boolean(call.end_user)) &&
    (!scope.model || call.model.startsWith(scope.model.replace("*", "")))
  );
}

function judged(budget: Budget, call: EvaluateBudgets): EvaluatedBudget {
  const { id, name, enforcement, on_exceed, current_window: window, limit } = budget;
  return {
    budget: id,
    name,
    enforcement,
    on_exceed,
    partition: budget.scope.end_user?.kind === "each" ? (call.end_user ?? null) : null,
    verdict: verdictOf(budget, Number(call.cost.amount)),
    window,
    most_per_call: window.limit ?? limit,
  };
}

function verdictOf({ enforcement, on_exceed, current_window }: Budget, cost: number): BudgetVerdict {
  const { remaining, held } = current_window;
  if (enforcement === "notify" || remaining === null) return "admitted";
  const left = Number(remaining.amount);
  const wanted = enforcement === "soft" ? 1e-9 : cost;
  if (wanted <= left) return "admitted";
  if (wanted <= left + Number(held?.amount ?? 0)) return "contested";
  if (on_exceed.action === "route") return "rerouted";
  return on_exceed.action === "throttle" ? "throttled" : "refused";
}
