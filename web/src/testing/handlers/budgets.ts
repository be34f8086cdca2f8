import type {
  Budget,
  BudgetAdjustment,
  CreateBudget,
  CreateBudgetAdjustment,
  EvaluateBudgets,
  Money,
  UpdateBudget,
} from "@/api/types";
import { parseAmount } from "../../lib/money.ts";
import { makeBudget, pastWindows, windowOf } from "../budgets.ts";
import { evaluated } from "../evaluation.ts";
import { freshId } from "../world.ts";
import { type Answer, type Mock, page, problem } from "./call.ts";
import { based, etagOf, read } from "./revision.ts";

const BUDGETS = "/organizations/{org}/budgets";
const MONTH_MS = 30 * 86_400_000;

/** The finding that the server would point to, if any: enough of its rules to see how the dashboard shows them. */
function refused({ limit, time_zone }: CreateBudget | UpdateBudget): Answer | null {
  const nanos = limit ? parseAmount(limit.amount) : 1n;
  if (nanos === null || nanos <= 0n || nanos >= 9_007_199_254_740_992n) {
    const detail = "Use an amount above 0 and below 9007199.254740992, with at most 9 decimals.";
    return problem(422, "validation_failed", detail, "limit/amount");
  }
  if (time_zone?.startsWith("Mars")) {
    const detail = "Use a name of the IANA time-zone database, such as Europe/Berlin.";
    return problem(422, "validation_failed", detail, "time_zone");
  }
  return null;
}

function money(amount: string) {
  return { amount: Number(amount).toFixed(9), currency: "USD" };
}

export const budgetMocks: Mock[] = [
  { method: "GET", path: BUDGETS, handler: (call) => page(call, call.world.budgets) },
  {
    method: "POST",
    path: BUDGETS,
    handler: ({ world, now, body }) => {
      const wanted = body as CreateBudget;
      const finding = refused(wanted);
      if (finding) return finding;
      const { limit, scope, ...terms } = wanted;
      const amount = money(limit.amount);
      const ends = wanted.interval === "lifetime" ? null : now + MONTH_MS;
      const budget = makeBudget({
        ...(terms as Partial<Omit<Budget, "scope">>),
        id: freshId(world, "bud"),
        name: wanted.name,
        limit: amount,
        scope: scope ?? {},
        created_at: new Date(now).toISOString(),
        current_window: windowOf([now, ends], "0", amount.amount),
      });
      world.budgets.unshift(budget);
      return { status: 201, body: budget, etag: etagOf(world, budget.id) };
    },
  },
  {
    method: "GET",
    path: `${BUDGETS}/{budget}`,
    handler: (call) => read(call, call.world.budgets, call.path["budget"]),
  },
  {
    method: "PATCH",
    path: `${BUDGETS}/{budget}`,
    handler: (call) =>
      based(call, call.world.budgets, call.path["budget"], (budget) => {
        const change = call.body as UpdateBudget;
        const finding = refused(change);
        if (finding) return finding;
        const { limit, ...terms } = change;
        Object.assign(budget, terms, limit ? { limit: money(limit.amount) } : {});
        if (limit) budget.current_window.limit = money(limit.amount);
        if (change.interval || change.anchor || change.time_zone) {
          budget.current_window = windowOf([call.now, call.now + MONTH_MS], "0", budget.limit.amount);
        }
        return { status: 200, body: budget };
      }),
  },
  {
    method: "DELETE",
    path: `${BUDGETS}/{budget}`,
    handler: (call) =>
      based(call, call.world.budgets, call.path["budget"], (budget) => {
        call.world.budgets = call.world.budgets.filter((other) => other !== budget);
        return { status: 204 };
      }),
  },
  {
    method: "GET",
    path: "/organizations/{org}/alerts",
    handler: (call) => {
      const budget = call.query.get("budget");
      return page(
        call,
        call.world.alerts.filter((alert) => !budget || alert.budget === budget),
      );
    },
  },
  {
    method: "GET",
    path: `${BUDGETS}/{budget}/windows`,
    handler: (call) => {
      const budget = call.world.budgets.find(({ id }) => id === call.path["budget"]);
      return budget ? page(call, pastWindows(budget)) : problem(404, "not_found", "There is no such thing.");
    },
  },
  {
    method: "GET",
    path: `${BUDGETS}/{budget}/adjustments`,
    handler: (call) =>
      page(
        call,
        call.world.adjustments.filter(({ budget }) => budget === call.path["budget"]),
      ),
  },
  {
    method: "POST",
    path: `${BUDGETS}/{budget}/adjustments`,
    handler: ({ world, now, path, body }) => {
      const budget = world.budgets.find(({ id }) => id === path["budget"]);
      if (!budget) return problem(404, "not_found", "There is no such thing.");
      const { amount, reason, partition = null } = body as CreateBudgetAdjustment;
      const nanos = parseAmount(amount.amount.replace(/^-/, ""));
      if (!nanos) {
        const detail = "Use an amount other than 0, with at most 9 decimals.";
        return problem(422, "validation_failed", detail, "amount/amount");
      }
      const window = budget.current_window;
      const add = (to: Money | null) => money(String(Number(to?.amount ?? 0) + Number(amount.amount)));
      const limit = add(window.limit ?? budget.limit);
      if (partition === null) {
        window.limit = limit;
        window.adjusted_by = add(window.adjusted_by);
        if (window.remaining) window.remaining = add(window.remaining);
      }
      const adjustment: BudgetAdjustment = {
        id: freshId(world, "adj"),
        budget: budget.id,
        window_start: window.starts_at,
        partition,
        amount: money(amount.amount),
        limit,
        reason,
        created_at: new Date(now).toISOString(),
        created_by: world.me?.user.id ?? null,
      };
      world.adjustments.unshift(adjustment);
      return { status: 201, body: adjustment };
    },
  },
  {
    method: "POST",
    path: "/organizations/{org}/budget-evaluations",
    handler: ({ world, body }) => {
      const call = body as EvaluateBudgets;
      if (parseAmount(call.cost.amount) === null) {
        const detail = "Use an amount of at least 0, with at most 9 decimals.";
        return problem(422, "validation_failed", detail, "cost/amount");
      }
      return { status: 200, body: evaluated(world.budgets, call) };
    },
  },
];
