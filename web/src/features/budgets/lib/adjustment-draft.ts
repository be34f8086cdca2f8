// What somebody types to adjust the window that is open, and what it makes of the window. Pure.
import type { BudgetWindow, Money } from "@/api/types";
import { formatMoneyExact, fromNanos, parseAmount, toNanos } from "@/lib/money";

export interface AdjustmentDraft {
  direction: "more" | "less";
  amount: string;
  reason: string;
  /** Whose share of a budget that everybody has alone; empty: everybody's. */
  partition: string;
}

export const NO_ADJUSTMENT: AdjustmentDraft = { direction: "more", amount: "", reason: "", partition: "" };

/** The amount with its sign; text that is no amount goes as it is, so that the server says what is wrong with it. */
export function signedAmount({ direction, amount }: AdjustmentDraft): string {
  return direction === "more" ? amount.trim() : `-${amount.trim()}`;
}

/** The limit that the window would have; null while the amount is not one, and where the window has no limit of its own. */
export function limitAfter({ direction, amount }: AdjustmentDraft, { limit }: BudgetWindow): Money | null {
  const nanos = parseAmount(amount);
  if (nanos === null || limit === null) return null;
  const next = toNanos(limit) + (direction === "more" ? nanos : -nanos);
  return fromNanos(next < 0n ? 0n : next, limit.currency);
}

export function isZero(money: Money): boolean {
  return toNanos(money) === 0n;
}

/** `−$5.00`, `+$5.00`. */
export function signed(money: Money): string {
  return toNanos(money) > 0n ? `+${formatMoneyExact(money)}` : formatMoneyExact(money);
}
