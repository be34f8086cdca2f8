// A call that might be made, as somebody types it, and what budgets say of it. Pure.
import type { BudgetVerdict, EvaluateBudgets } from "@/api/types";
import type { Tone } from "@/components/ui/badge";

export interface EvaluationDraft {
  key: string;
  model: string;
  cost: string;
  route: string;
  endUser: string;
  session: string;
  tags: string;
  isOwnConnection: boolean;
}

export const NO_CALL: EvaluationDraft = {
  key: "",
  model: "",
  cost: "",
  route: "",
  endUser: "",
  session: "",
  tags: "",
  isOwnConnection: true,
};

/** JSON pointers of what the form shows at a field. */
export const CALL_PLACES = ["/key", "/model", "/cost", "/route", "/end_user", "/session", "/tags"] as const;

export function callBody(draft: EvaluationDraft): EvaluateBudgets {
  const tags = draft.tags
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
  const texts = {
    route: draft.route,
    end_user: draft.endUser.trim(),
    session: draft.session.trim(),
  };
  return {
    key: draft.key,
    model: draft.model.trim(),
    cost: { amount: draft.cost.trim() },
    own_connection: draft.isOwnConnection,
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text)),
    ...(tags.length > 0 ? { tags } : {}),
  };
}

const VERDICTS: Record<BudgetVerdict, { tone: Tone; word: string; sentence: string }> = {
  admitted: { tone: "ok", word: "Admitted", sentence: "The call would be let through." },
  contested: {
    tone: "warn",
    word: "Contested",
    sentence: "It fits only if other calls give back what is held for them.",
  },
  throttled: {
    tone: "warn",
    word: "Throttled",
    sentence: "Only so many such calls a minute would be let through.",
  },
  rerouted: { tone: "warn", word: "Rerouted", sentence: "The call would be served by another route." },
  refused: { tone: "bad", word: "Refused", sentence: "The call would be refused." },
};

export function verdictWords(verdict: BudgetVerdict) {
  return VERDICTS[verdict];
}
