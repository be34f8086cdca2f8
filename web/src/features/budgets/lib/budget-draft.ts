// What the form of a budget holds, and what is sent: a whole new budget, or only what was changed of one. Pure.
import type {
  Budget,
  BudgetAnchor,
  BudgetEnforcement,
  BudgetInterval,
  BudgetUnknownPrice,
  CreateBudget,
  UpdateBudget,
} from "@/api/types";
import { emptyScope, type ScopeDraft, scopeBody } from "@/lib/scope-draft";

export interface BudgetDraft {
  name: string;
  amount: string;
  interval: BudgetInterval;
  timeZone: string;
  anchor: Required<BudgetAnchor>;
  enforcement: BudgetEnforcement;
  exceed: Budget["on_exceed"]["action"];
  exceedRoute: string;
  callsPerMinute: string;
  countsOwn: boolean;
  unknownPrice: BudgetUnknownPrice;
  thresholds: string;
  scope: ScopeDraft;
}

/** A monthly hard budget over a project, in UTC. */
export function newBudget(project: string): BudgetDraft {
  return {
    name: "",
    amount: "",
    interval: "month",
    timeZone: "UTC",
    anchor: { hour: 0, weekday: 1, day: 1 },
    enforcement: "hard",
    exceed: "refuse",
    exceedRoute: "",
    callsPerMinute: "10",
    countsOwn: true,
    unknownPrice: "refuse",
    thresholds: "80, 100",
    scope: emptyScope(project),
  };
}

/** What is in force, as somebody would write it. Of the scope, only what decides which routes there are to choose. */
export function draftOf(budget: Budget): BudgetDraft {
  const { on_exceed } = budget;
  const fresh = newBudget(budget.scope.project ?? "");
  return {
    ...fresh,
    name: budget.name,
    amount: plainAmount(budget.limit.amount),
    interval: budget.interval,
    timeZone: budget.time_zone,
    anchor: { ...fresh.anchor, ...budget.anchor },
    enforcement: budget.enforcement,
    exceed: on_exceed.action,
    exceedRoute: on_exceed.action === "route" ? on_exceed.route : "",
    callsPerMinute:
      on_exceed.action === "throttle" ? String(on_exceed.requests_per_minute) : fresh.callsPerMinute,
    countsOwn: budget.counts_own_connections,
    unknownPrice: budget.unknown_price,
    thresholds: budget.alert_thresholds.join(", "),
    scope: { ...fresh.scope, route: budget.scope.route ?? "" },
  };
}

/** `25.000000000` is written `25.00`; digits that say something stay. */
export function plainAmount(amount: string): string {
  const [whole = "0", fraction = ""] = amount.split(".");
  return `${whole}.${fraction.replace(/0+$/, "").padEnd(2, "0")}`;
}

const MOST_THRESHOLDS = 10;

/** Whole percentages from 1 to 100; null when the text holds anything else. */
export function parseThresholds(text: string): number[] | null {
  const words = text.split(/[\s,%]+/).filter(Boolean);
  const percents = words.map(Number);
  const fit = percents.every((percent) => Number.isInteger(percent) && percent >= 1 && percent <= 100);
  return fit && percents.length <= MOST_THRESHOLDS ? percents : null;
}

/** What is done without room; a choice that does not go with how strictly the budget is kept falls back to refusing. */
function onExceed(draft: BudgetDraft): Budget["on_exceed"] {
  if (!exceedFits(draft.exceed, draft)) return { action: "refuse" };
  switch (draft.exceed) {
    case "refuse":
      return { action: "refuse" };
    case "route":
      return { action: "route", route: draft.exceedRoute };
    case "throttle":
      return { action: "throttle", requests_per_minute: Number(draft.callsPerMinute) };
  }
}

/** Whether a way of going on without room goes with the rest: it needs a project's routes, or room to pass the limit. */
export function exceedFits(
  action: BudgetDraft["exceed"],
  { enforcement, scope }: Pick<BudgetDraft, "enforcement" | "scope">,
): boolean {
  switch (action) {
    case "refuse":
      return true;
    case "route":
      return enforcement !== "notify" && scope.project !== "";
    case "throttle":
      return enforcement === "soft";
  }
}

export function createBody(draft: BudgetDraft): CreateBudget {
  return {
    name: draft.name.trim(),
    limit: { amount: draft.amount.trim() },
    interval: draft.interval,
    time_zone: draft.timeZone.trim(),
    anchor: draft.anchor,
    enforcement: draft.enforcement,
    on_exceed: onExceed(draft),
    counts_own_connections: draft.countsOwn,
    unknown_price: draft.unknownPrice,
    alert_thresholds: parseThresholds(draft.thresholds) ?? [],
    scope: scopeBody(draft.scope),
  };
}

/** Only what differs from what is in force, so that a change of the limit cannot reopen the window. */
export function changeBody(draft: BudgetDraft, budget: Budget): UpdateBudget {
  const { scope: _scope, ...wanted } = createBody(draft);
  const { scope: _same, ...current } = createBody(draftOf(budget));
  const changed = Object.entries(wanted).filter(
    ([name, value]) => !isSame(value, current[name as keyof typeof current]),
  );
  return Object.fromEntries(changed);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Whether a change ends the window that is open and begins another one. */
export function reopens(change: UpdateBudget): boolean {
  return Boolean(change.interval || change.anchor || change.time_zone);
}
