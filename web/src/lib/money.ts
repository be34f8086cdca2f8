// Money as the API sends it: decimal text with nine places. Arithmetic is integer nano-dollars; nothing here rounds
// unless its name or comment says so.
import type { Money } from "@/api/types";

const PLACES = 9;
const ONE = 10n ** BigInt(PLACES);

/** Nano-units of a decimal string. Throws on text that is not a decimal number of at most nine places. */
export function toNanos(money: Money): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,9})0*)?$/.exec(money.amount);
  if (!match) throw new RangeError(`not an amount of money: ${money.amount}`);
  const [, sign, whole = "0", fraction = ""] = match;
  const nanos = BigInt(whole) * ONE + BigInt(fraction.padEnd(PLACES, "0"));
  return sign ? -nanos : nanos;
}

/** Nano-units of an amount as somebody typed it; null while it is not one. */
export function parseAmount(text: string): bigint | null {
  const amount = text.trim();
  return /^\d+(\.\d{1,9})?$/.test(amount) ? toNanos({ amount, currency: "USD" }) : null;
}

/** For geometry only (bar heights, axes): never shown and never added up. */
export function toApproximateNumber(money: Money): number {
  return Number(toNanos(money)) / Number(ONE);
}

/** Labels an axis that `toApproximateNumber` made. */
export function axisMoney(value: number): string {
  return value === 0 ? "$0" : formatMoney(fromNanos(BigInt(Math.round(value * Number(ONE))), "USD"));
}

export function sumMoney(amounts: readonly Money[]): Money {
  const total = amounts.reduce((sum, money) => sum + toNanos(money), 0n);
  return fromNanos(total, amounts[0]?.currency ?? "USD");
}

export function fromNanos(nanos: bigint, currency: string): Money {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = (size % ONE).toString().padStart(PLACES, "0");
  return { amount: `${nanos < 0n ? "-" : ""}${size / ONE}.${fraction}`, currency };
}

/** Every digit that is there, at least two decimals: `$0.000412`, `$1,284.20`. */
export function formatMoneyExact(money: Money): string {
  return render(toNanos(money), PLACES, money.currency);
}

/** For totals and lists: two decimals from one dollar up, three significant digits below. Show the exact value beside. */
export function formatMoney(money: Money): string {
  const nanos = toNanos(money);
  const size = nanos < 0n ? -nanos : nanos;
  if (size === 0n || size >= ONE) return render(round(nanos, 2), 2, money.currency);
  const leadingZeros = PLACES - size.toString().length;
  const places = Math.min(PLACES, Math.max(2, leadingZeros + 3));
  return render(round(nanos, places), places, money.currency);
}

function round(nanos: bigint, places: number): bigint {
  const unit = 10n ** BigInt(PLACES - places);
  const half = unit / 2n;
  return ((nanos < 0n ? nanos - half : nanos + half) / unit) * unit;
}

function render(nanos: bigint, places: number, currency: string): string {
  const [whole = "0", fraction = ""] = fromNanos(nanos < 0n ? -nanos : nanos, currency).amount.split(".");
  const digits = fraction.slice(0, places).replace(/0+$/, "").padEnd(2, "0");
  const symbol = currency === "USD" ? "$" : `${currency} `;
  return `${nanos < 0n ? "−" : ""}${symbol}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${digits}`;
}
