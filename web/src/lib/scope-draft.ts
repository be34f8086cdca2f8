// What a form for a scope holds, and what is sent. Pure.
import type { Partition } from "@/api/types";
import type { Scope } from "./scope";

export interface PartitionDraft {
  kind: "any" | "each" | "one";
  value: string;
}

/** Empty texts mean: leave it open. */
export interface ScopeDraft {
  project: string;
  key: string;
  endUser: PartitionDraft;
  session: PartitionDraft;
  tag: string;
  route: string;
  model: string;
  provider: string;
}

const ANYBODY: PartitionDraft = { kind: "any", value: "" };

export function emptyScope(project: string): ScopeDraft {
  return {
    project,
    key: "",
    endUser: ANYBODY,
    session: ANYBODY,
    tag: "",
    route: "",
    model: "",
    provider: "",
  };
}

/** Keys and routes belong to a project, so another project begins without them. */
export function withProject(draft: ScopeDraft, project: string): ScopeDraft {
  return { ...draft, project, key: "", route: "" };
}

/** The parts that say something. Each is named as in the scopes of budgets and limits. */
export function scopeBody(draft: ScopeDraft): Scope {
  const texts = {
    project: draft.project,
    key: draft.key,
    tag: draft.tag.trim(),
    route: draft.route,
    model: draft.model.trim(),
    provider: draft.provider,
  };
  const endUser = partition(draft.endUser);
  const session = partition(draft.session);
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text)),
    ...(endUser ? { end_user: endUser } : {}),
    ...(session ? { session } : {}),
  };
}

function partition({ kind, value }: PartitionDraft): Partition | null {
  if (kind === "any") return null;
  return kind === "each" ? { kind } : { kind, value: value.trim() };
}
