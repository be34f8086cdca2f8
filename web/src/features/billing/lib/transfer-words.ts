// What a transfer of the ledger was, and what kind of credit there is, in words.
import type { Credit, Money, TopUp, TransferType } from "@/api/types";
import type { Tone } from "@/components/ui/badge";
import { formatMoneyExact, toNanos } from "@/lib/money";

const TYPES: Record<TransferType, { word: string; hint: string }> = {
  top_up: { word: "Top-up", hint: "A payment" },
  grant: { word: "Grant", hint: "Credit given" },
  hold: { word: "Hold", hint: "Reserved for calls" },
  settle: { word: "Settlement", hint: "What calls used of what was held" },
  release: { word: "Release", hint: "Held credit that came back unused" },
  charge: { word: "Charge", hint: "Used without having been held" },
  write_off: { word: "Write-off", hint: "Used beyond the credit; not charged" },
  refund: { word: "Refund", hint: "Paid back" },
  expiry: { word: "Expiry", hint: "Expired unused" },
  adjustment: { word: "Adjustment", hint: "A correction by hand" },
  reversal: { word: "Reversal", hint: "An earlier transfer undone" },
};

export function transferWords(type: TransferType): { word: string; hint: string } {
  return TYPES[type];
}

/** The types of statement lines are text, so that an older dashboard can name a newer one. */
export function lineWord(type: string): string {
  return Object.hasOwn(TYPES, type) ? TYPES[type as TransferType].word : type.replaceAll("_", " ");
}

export function creditWord(kind: Credit["kind"]): string {
  return transferWords(kind).word;
}

const STATUSES: Record<TopUp["status"], { tone: Tone; word: string }> = {
  awaiting_payment: { tone: "warn", word: "Awaiting payment" },
  paid: { tone: "ok", word: "Paid" },
  failed: { tone: "bad", word: "Failed" },
};

export function topUpWords(status: TopUp["status"]): { tone: Tone; word: string } {
  return STATUSES[status];
}

/** `+$50.00`, `−$0.000412`, and nothing for no change. */
export function changeWords(money: Money): string {
  const nanos = toNanos(money);
  if (nanos === 0n) return "";
  return nanos > 0n ? `+${formatMoneyExact(money)}` : formatMoneyExact(money);
}
