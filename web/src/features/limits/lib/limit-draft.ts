// What the form of a rate limit holds, and what is sent. Pure.
import type { CreateLimit, Limit, LimitMetric, UpdateLimit } from "@/api/types";
import { emptyScope, type ScopeDraft, scopeBody } from "@/lib/scope-draft";

export interface LimitDraft {
  metric: LimitMetric;
  amount: string;
  /** Empty: as much as in a minute. */
  burst: string;
  scope: ScopeDraft;
}

export function newLimit(project: string): LimitDraft {
  return { metric: "requests", amount: "", burst: "", scope: emptyScope(project) };
}

export function draftOf(limit: Limit): LimitDraft {
  return {
    metric: limit.metric,
    amount: String(limit.amount),
    burst: limit.burst === null || limit.burst === limit.amount ? "" : String(limit.burst),
    scope: emptyScope(limit.scope.project ?? ""),
  };
}

/** Concurrency has no burst: it is what runs at once. */
function burst({ metric, burst: text }: LimitDraft): number | null {
  return metric === "concurrency" || text === "" ? null : Number(text);
}

export function createBody(draft: LimitDraft): CreateLimit {
  return {
    metric: draft.metric,
    amount: Number(draft.amount),
    burst: burst(draft),
    scope: scopeBody(draft.scope),
  };
}

/** A change of a limit names both, because a burst left out follows the amount. */
export function changeBody(draft: LimitDraft): UpdateLimit {
  return { amount: Number(draft.amount), burst: burst(draft) };
}
