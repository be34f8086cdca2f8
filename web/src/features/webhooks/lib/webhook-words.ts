// Webhooks and what they were told, in words.
import type { DeliveryState, Webhook, WebhookDelivery } from "@/api/types";
import type { Tone } from "@/components/ui/badge";
import { plural } from "@/lib/format";

interface State {
  tone: Tone;
  word: string;
  /** Why, when nobody chose it. */
  reason: string | null;
}

export function stateOf({ status, disabled_reason }: Pick<Webhook, "status" | "disabled_reason">): State {
  if (status === "active") return { tone: "ok", word: "Active", reason: null };
  switch (disabled_reason) {
    case "gone":
      return { tone: "bad", word: "Switched off", reason: "The receiver answered that it is gone (410)." };
    case "gave_up":
      return { tone: "bad", word: "Switched off", reason: "A message failed at every one of its attempts." };
    case null:
      return { tone: "idle", word: "Disabled", reason: null };
  }
}

const DELIVERY: Record<DeliveryState, { tone: Tone; word: string }> = {
  pending: { tone: "warn", word: "Waiting" },
  delivered: { tone: "ok", word: "Delivered" },
  failed: { tone: "bad", word: "Failed" },
};

export function deliveryState({ state }: WebhookDelivery): { tone: Tone; word: string } {
  return DELIVERY[state];
}

/** What the receiver said at the last attempt, or why there was no answer. */
export function answerWords({ last_status, last_error, attempts }: WebhookDelivery): string {
  if (attempts === 0) return "not tried yet";
  const tries = attempts > 1 ? `, ${plural(attempts, "attempt")}` : "";
  if (last_status !== null) return `answered ${last_status}${tries}`;
  return `${last_error ?? "no answer"}${tries}`;
}

const EVENTS: Record<string, string> = {
  "budget.threshold": "Budget reached a share of its limit",
  "webhook.test": "Test",
};

export function eventWords(type: string): string {
  return EVENTS[type] ?? type;
}
