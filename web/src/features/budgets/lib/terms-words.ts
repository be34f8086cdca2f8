// The terms of a budget in words: how strictly it is kept, what happens without room, when its periods begin.
import type {
  Budget,
  BudgetAnchor,
  BudgetEnforcement,
  BudgetInterval,
  BudgetUnknownPrice,
} from "@/api/types";

export const INTERVALS: readonly { value: BudgetInterval; label: string; each: string }[] = [
  { value: "hour", label: "an hour", each: "per hour" },
  { value: "day", label: "a day", each: "per day" },
  { value: "week", label: "a week", each: "per week" },
  { value: "month", label: "a month", each: "per month" },
  { value: "lifetime", label: "its lifetime", each: "in all" },
];

export const WEEKDAYS = [
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
  "Sunday",
] as const;

export const ENFORCEMENTS: readonly { value: BudgetEnforcement; label: string; hint: string }[] = [
  {
    value: "hard",
    label: "Hard",
    hint: "The most a call can cost is reserved before it is sent, so the limit is never passed.",
  },
  {
    value: "soft",
    label: "Soft",
    hint: "Calls start while anything is left and may finish, so the limit can be passed by the calls under way.",
  },
  {
    value: "notify",
    label: "Notify only",
    hint: "Spending is counted and shown here. No call is ever stopped.",
  },
];

export const UNKNOWN_PRICES: readonly { value: BudgetUnknownPrice; label: string }[] = [
  { value: "refuse", label: "Refuse calls whose price is not known" },
  { value: "count_bound", label: "Let them through, and count what was held for them" },
];

export function enforcementWord(enforcement: BudgetEnforcement): string {
  return ENFORCEMENTS.find(({ value }) => value === enforcement)?.label ?? enforcement;
}

export function unknownPriceWords(unknown: BudgetUnknownPrice): string {
  return unknown === "refuse" ? "refused" : "let through, counted at what was held";
}

export function perInterval(interval: BudgetInterval): string {
  return INTERVALS.find(({ value }) => value === interval)?.each ?? interval;
}

/** What happens to a call without room, in a few words. */
export function exceedWords({ on_exceed, enforcement }: Budget, routes: ReadonlyMap<string, string>): string {
  if (enforcement === "notify") return "nothing is stopped";
  switch (on_exceed.action) {
    case "refuse":
      return "refuses calls";
    case "route":
      return `uses route/${routes.get(on_exceed.route) ?? on_exceed.route}`;
    case "throttle":
      return `lets ${on_exceed.requests_per_minute} a minute through`;
  }
}

interface Schedule {
  interval: BudgetInterval;
  anchor: BudgetAnchor;
  timeZone: string;
}

/** `Begins Mondays at 00:00, Europe/Berlin time.` */
export function scheduleWords({ interval, anchor, timeZone }: Schedule): string {
  const clock = `${String(anchor.hour ?? 0).padStart(2, "0")}:00, ${timeZone} time`;
  switch (interval) {
    case "lifetime":
      return "One period that never ends.";
    case "hour":
      return "Begins at every full hour.";
    case "day":
      return `Begins every day at ${clock}.`;
    case "week":
      return `Begins ${WEEKDAYS[(anchor.weekday ?? 1) - 1] ?? WEEKDAYS[0]}s at ${clock}.`;
    case "month":
      return `Begins on ${monthDay(anchor.day ?? 1)} at ${clock}.`;
  }
}

function monthDay(day: number): string {
  if (day === 31) return "the last day of each month";
  const late = day > 28 ? " of each month, or its last day when it is shorter," : " of each month";
  return `day ${day}${late}`;
}
