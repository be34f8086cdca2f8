// How far the open window of a budget is used, and what that means to a reader. Shares are for geometry and words; the
// amounts beside them are exact.
import type { Budget } from "@/api/types";
import type { Tone } from "@/components/ui/badge";
import { toNanos } from "@/lib/money";
import { sharers } from "@/lib/scope";

export interface Spent {
  /** Percent of the limit: what calls that are over cost, and what calls under way hold. */
  settled: number;
  held: number;
}

export type Phase = "disabled" | "exceeded" | "full" | "nearly" | "open";

/** What may be spent in the open window: its own limit, where the window was adjusted. */
export function openLimit(budget: Budget) {
  return budget.current_window.limit ?? budget.limit;
}

/** The share of the limit that is used; null when everybody has the limit alone, so that no sum can be held to it. */
export function spentOf(budget: Budget): Spent | null {
  if (sharers(budget.scope)) return null;
  const limit = toNanos(openLimit(budget));
  const { settled, held } = budget.current_window;
  return { settled: percent(toNanos(settled), limit), held: held ? percent(toNanos(held), limit) : 0 };
}

function percent(part: bigint, whole: bigint): number {
  return whole > 0n ? Number((part * 10_000n) / whole) / 100 : 100;
}

export function phaseOf(budget: Budget): Phase {
  if (budget.status === "disabled") return "disabled";
  const spent = spentOf(budget);
  if (!spent) return "open";
  const limit = toNanos(openLimit(budget));
  const { settled, held } = budget.current_window;
  const used = toNanos(settled) + (held ? toNanos(held) : 0n);
  if (used > limit) return "exceeded";
  if (used === limit) return "full";
  const [first] = budget.alert_thresholds;
  return first !== undefined && spent.settled + spent.held >= first ? "nearly" : "open";
}

const WORDS: Record<Phase, { tone: Tone; word: string }> = {
  disabled: { tone: "idle", word: "Disabled" },
  exceeded: { tone: "bad", word: "Exceeded" },
  full: { tone: "bad", word: "Used up" },
  nearly: { tone: "warn", word: "Nearly used up" },
  open: { tone: "ok", word: "Has room" },
};

export function phaseWords(phase: Phase): { tone: Tone; word: string } {
  return WORDS[phase];
}

/** What happens to calls now; null when nothing does. */
export function consequence(budget: Budget, phase: Phase): string | null {
  switch (phase) {
    case "disabled":
      return "It is disabled: calls are neither counted on it nor stopped by it.";
    case "open":
      return null;
    case "nearly":
      return budget.enforcement === "hard"
        ? "A call is stopped when the most it can cost no longer fits, so the last part of a limit may stay unused."
        : null;
    case "exceeded":
    case "full":
      return budget.enforcement === "notify"
        ? "It only notifies, so calls go on."
        : `${exceedSentence(budget)} until the window resets.`;
  }
}

function exceedSentence({ on_exceed }: Budget): string {
  switch (on_exceed.action) {
    case "refuse":
      return "Calls it covers are refused with 402";
    case "route":
      return "Calls it covers go to the other route";
    case "throttle":
      return `Calls it covers are let through ${on_exceed.requests_per_minute} times a minute`;
  }
}

/** Nearest to the limit first; budgets without a share after those with one, disabled ones last. */
export function byNearest(one: Budget, other: Budget): number {
  return rank(other) - rank(one) || one.name.localeCompare(other.name);
}

function rank(budget: Budget): number {
  if (budget.status === "disabled") return -2;
  const spent = spentOf(budget);
  return spent ? spent.settled + spent.held : -1;
}
