// Made-up budgets: every state a window can be in, at every place of the tree.
import type { Budget, BudgetAdjustment, BudgetAlert, BudgetScope, BudgetWindow } from "@/api/types";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DEFAULT = "prj_01k00000000000000000000001";
const SUPPORT = "prj_01k00000000000000000000002";

function usd(amount: string) {
  return { amount: Number(amount).toFixed(9), currency: "USD" };
}

export function makeBudget(
  over: Partial<Omit<Budget, "scope">> & Pick<Budget, "id" | "name"> & { scope?: Partial<BudgetScope> },
): Budget {
  return {
    limit: usd("100"),
    interval: "month",
    time_zone: "UTC",
    anchor: { hour: 0, weekday: 1, day: 1 },
    enforcement: "hard",
    on_exceed: { action: "refuse" },
    counts_own_connections: true,
    unknown_price: "refuse",
    alert_thresholds: [80, 100],
    status: "active",
    current_window: {
      starts_at: "2026-11-01T00:00:00Z",
      resets_at: "2026-12-01T00:00:00Z",
      limit: usd("100"),
      adjusted_by: usd("0"),
      settled: usd("0"),
      held: null,
      remaining: usd("100"),
    },
    created_at: "2026-10-12T08:30:00Z",
    created_by: "usr_01k00000000000000000000001",
    ...over,
    scope: {
      project: null,
      key: null,
      end_user: null,
      session: null,
      tag: null,
      route: null,
      model: null,
      ...over.scope,
    },
  };
}

/** The UTC month, day and Monday-week around a moment, as the server computes them for budgets in UTC. */
function monthOf(now: number): [number, number] {
  const at = new Date(now);
  return [
    Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1),
    Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1),
  ];
}

function dayOf(now: number): [number, number] {
  const start = Math.floor(now / DAY) * DAY;
  return [start, start + DAY];
}

function weekOf(now: number): [number, number] {
  // The epoch began on a Thursday.
  const start = Math.floor((now - 4 * DAY) / (7 * DAY)) * 7 * DAY + 4 * DAY;
  return [start, start + 7 * DAY];
}

export function windowOf(
  [start, end]: readonly [number, number | null],
  settled: string,
  limit: string | null,
  held: string | null = null,
): BudgetWindow {
  const left = limit === null ? null : Math.max(0, Number(limit) - Number(settled) - Number(held ?? 0));
  return {
    starts_at: new Date(start).toISOString(),
    resets_at: end === null ? null : new Date(end).toISOString(),
    limit: limit === null ? null : usd(limit),
    adjusted_by: usd("0"),
    settled: usd(settled),
    held: held === null ? null : usd(held),
    remaining: left === null ? null : usd(String(left)),
  };
}

export function busyBudgets(now: number): Budget[] {
  const [month, day, week] = [monthOf(now), dayOf(now), weekOf(now)];
  return [
    makeBudget({
      id: "bud_company",
      name: "Northwind a month",
      limit: usd("2500"),
      current_window: windowOf(month, "1284.203871", "2500"),
    }),
    makeBudget({
      id: "bud_default",
      name: "Default project",
      scope: { project: DEFAULT },
      limit: usd("400"),
      interval: "week",
      current_window: { ...windowOf(week, "337.402118", "450", "12.25"), adjusted_by: usd("50") },
    }),
    makeBudget({
      id: "bud_checkout",
      name: "Checkout a day",
      scope: { project: DEFAULT, key: "key_checkout" },
      limit: usd("40"),
      interval: "day",
      current_window: windowOf(day, "40", "40"),
    }),
    makeBudget({
      id: "bud_batch",
      name: "Nightly summaries",
      scope: { project: DEFAULT, key: "key_batch", model: "openai/*" },
      limit: usd("5"),
      interval: "day",
      time_zone: "Europe/Berlin",
      anchor: { hour: 6, weekday: 1, day: 1 },
      enforcement: "soft",
      on_exceed: { action: "throttle", requests_per_minute: 10 },
      current_window: windowOf([day[0] + 5 * HOUR, day[1] + 5 * HOUR], "1.139740207", "5"),
    }),
    makeBudget({
      id: "bud_users",
      name: "Fair use",
      scope: { project: DEFAULT, end_user: { kind: "each" }, route: "rt_support" },
      limit: usd("1.5"),
      interval: "day",
      on_exceed: { action: "route", route: "rt_cheap" },
      current_window: windowOf(day, "18.274", null),
    }),
    makeBudget({
      id: "bud_experiments",
      name: "Experiments",
      scope: { project: DEFAULT, tag: "experiment" },
      limit: usd("50"),
      interval: "lifetime",
      enforcement: "notify",
      current_window: windowOf([now - 21 * DAY, null], "61.87", "50"),
    }),
    makeBudget({
      id: "bud_trial",
      name: "Trial of larger models",
      scope: { project: DEFAULT, model: "openai/gpt-4o" },
      limit: usd("20"),
      status: "disabled",
      current_window: windowOf(month, "3.2", "20"),
    }),
    makeBudget({
      id: "bud_support",
      name: "Support bot",
      scope: { project: SUPPORT },
      limit: usd("300"),
      current_window: windowOf(month, "92.5", "300"),
    }),
  ];
}

/** Windows of a budget, newest first, with a stretch in which nothing was spent. */
export function pastWindows(budget: Budget): BudgetWindow[] {
  const { starts_at, resets_at } = budget.current_window;
  if (!starts_at || !resets_at) return [budget.current_window];
  const { remaining, settled } = budget.current_window;
  const usual = Number(remaining === null ? settled.amount : budget.limit.amount);
  const shares = [0.91, 0.74, 1, 0.66, 0.48, null, null, 0.21, 0.35, 0.12];
  const past: BudgetWindow[] = [];
  let end = Date.parse(starts_at);
  for (const share of shares) {
    const start = before(end, budget);
    if (share !== null) past.push(windowOf([start, end], String(usual * share), null));
    end = start;
  }
  return [budget.current_window, ...past];
}

function before(end: number, { interval }: Budget): number {
  const at = new Date(end);
  switch (interval) {
    case "hour":
      return end - HOUR;
    case "day":
      return end - DAY;
    case "week":
      return end - 7 * DAY;
    case "month":
    case "lifetime":
      return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1, 1);
  }
}

/** One, of the week that is open. */
export function busyAdjustments(now: number): BudgetAdjustment[] {
  const [week] = weekOf(now);
  return [
    {
      id: "adj_1",
      budget: "bud_default",
      window_start: new Date(week).toISOString(),
      partition: null,
      amount: usd("50"),
      limit: usd("450"),
      reason: "Launch week",
      created_at: new Date(now - 20 * HOUR).toISOString(),
      created_by: "usr_01k00000000000000000000001",
    },
  ];
}

export function busyAlerts(now: number): BudgetAlert[] {
  const [week] = weekOf(now);
  const [day] = dayOf(now);
  const alert = (
    over: Partial<BudgetAlert> & Pick<BudgetAlert, "id" | "budget" | "budget_name">,
  ): BudgetAlert => ({
    threshold: 80,
    window_start: new Date(week).toISOString(),
    partition: null,
    limit: usd("400"),
    settled: usd("320.114002"),
    fired_at: new Date(now - 5 * HOUR).toISOString(),
    ...over,
  });
  const ofUser = {
    budget: "bud_users",
    budget_name: "Fair use",
    limit: usd("1.5"),
    window_start: new Date(day).toISOString(),
  };
  return [
    alert({ ...ofUser, id: "alt_3", threshold: 100, partition: "user-4711", settled: usd("1.5") }),
    alert({ ...ofUser, id: "alt_2", partition: "user-4711", settled: usd("1.211") }),
    alert({ id: "alt_1", budget: "bud_default", budget_name: "Default project" }),
  ];
}
