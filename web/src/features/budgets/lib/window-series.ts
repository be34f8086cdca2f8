// The windows of a budget as a chart: one bar each, oldest first, with a gap where nothing was spent between two.
import type { BudgetInterval, BudgetWindow } from "@/api/types";
import { formatMoneyExact, toApproximateNumber } from "@/lib/money";

export interface WindowBar {
  axis: string;
  full: string;
  value: number;
  text: string;
}

/** `windows` come newest first, as the API sends them. */
export function toBars(
  windows: readonly BudgetWindow[],
  interval: BudgetInterval,
  timeZone: string,
): WindowBar[] {
  const ascending = [...windows].reverse();
  return ascending.flatMap((window, index) => {
    const before = ascending[index - 1];
    const bar = {
      axis: axisLabel(window, interval, timeZone),
      full: spanWords(window, timeZone),
      value: toApproximateNumber(window.settled),
      text: formatMoneyExact(window.settled),
    };
    const follows = !before || before.resets_at === null || before.resets_at === window.starts_at;
    return follows ? [bar] : [{ axis: "", full: "Nothing was spent", value: 0, text: "$0.00" }, bar];
  });
}

function axisLabel({ starts_at }: BudgetWindow, interval: BudgetInterval, timeZone: string): string {
  if (!starts_at) return "start";
  const parts: Intl.DateTimeFormatOptions =
    interval === "hour"
      ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
      : interval === "month"
        ? { month: "short", year: "2-digit" }
        : { month: "short", day: "numeric" };
  return new Intl.DateTimeFormat("en-US", { ...parts, timeZone }).format(new Date(starts_at));
}

/** `Nov 1, 2026 to Dec 1, 2026` by the clocks of the budget, with hours where one of them is not midnight. */
export function spanWords({ starts_at, resets_at }: BudgetWindow, timeZone: string): string {
  if (!starts_at) return "from the beginning";
  const ends = resets_at ? [starts_at, resets_at] : [starts_at];
  const hours = new Intl.DateTimeFormat("en-US", { timeStyle: "short", hourCycle: "h23", timeZone });
  const atMidnight = ends.every((iso) => hours.format(new Date(iso)) === "00:00");
  const moments = new Intl.DateTimeFormat("en-US", {
    dateStyle: "medium",
    ...(atMidnight ? {} : { timeStyle: "short" as const, hourCycle: "h23" as const }),
    timeZone,
  });
  const [from = "", to] = ends.map((iso) => moments.format(new Date(iso)));
  return to ? `${from} to ${to}` : `since ${from}`;
}
