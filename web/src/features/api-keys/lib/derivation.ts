// What the form of a derived key holds, and what is sent: only what was said, so that the rest stays as its parent has it.
import type { BudgetInterval, DeriveKey, Key } from "@/api/types";
import { type Expiry, expiryMoment, parseModels } from "./expiry";

export interface DerivationDraft {
  name: string;
  expiry: Expiry | "parent";
  models: string;
  amount: string;
  interval: BudgetInterval;
}

export const NEW_DERIVATION: DerivationDraft = {
  name: "",
  expiry: "parent",
  models: "",
  amount: "",
  interval: "lifetime",
};

export function deriveBody(draft: DerivationDraft, now: number): DeriveKey {
  const models = parseModels(draft.models);
  const amount = draft.amount.trim();
  return {
    name: draft.name.trim(),
    ...(draft.expiry === "parent" ? {} : { expires_at: expiryMoment(draft.expiry, now) }),
    ...(models.length > 0 ? { allowed_models: models } : {}),
    ...(amount ? { limit: { amount }, interval: draft.interval } : {}),
  };
}

/** Whether a moment lies within the time of the key it derives from; the server refuses it otherwise. */
export function endsInTime(expiry: DerivationDraft["expiry"], parent: Key, now: number): boolean {
  if (expiry === "parent" || parent.expires_at === null) return true;
  const moment = expiryMoment(expiry, now);
  return moment !== null && Date.parse(moment) <= Date.parse(parent.expires_at);
}
