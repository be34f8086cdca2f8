// Which calls a budget or a rate limit counts: in words, and as the place in the tree it hangs on.
import type { BudgetScope, LimitScope, Partition } from "@/api/types";

/** What budgets and limits have in common; a part that is null or absent leaves calls as they are. */
export type Scope = Partial<BudgetScope & LimitScope>;

/** Names of what a scope refers to by id. */
export interface ScopeNames {
  organization: string;
  projects: ReadonlyMap<string, string>;
  keys: ReadonlyMap<string, string>;
  routes: ReadonlyMap<string, string>;
}

/** The parts below organization, project and key, each in a few words. */
export function partWords(scope: Scope, names: Pick<ScopeNames, "routes">): string[] {
  return [
    scope.end_user && partitionWords(scope.end_user, "end user"),
    scope.session && partitionWords(scope.session, "session"),
    scope.tag && `tag ${scope.tag}`,
    scope.route && `route/${names.routes.get(scope.route) ?? scope.route}`,
    scope.model && `model ${scope.model}`,
    scope.provider && `provider ${scope.provider}`,
  ].filter((words): words is string => Boolean(words));
}

function partitionWords(partition: Partition, noun: string): string {
  return partition.kind === "each" ? `each ${noun}` : `${noun} ${partition.value}`;
}

/** Everything a scope says, for a place where no tree around it says the rest. */
export function scopeWords(scope: Scope, names: ScopeNames): string {
  const { project, key } = scope;
  const place = [
    project ? `project ${names.projects.get(project) ?? project}` : `all of ${names.organization}`,
    key && `key ${names.keys.get(key) ?? key}`,
  ].filter((words): words is string => Boolean(words));
  return [...place, ...partWords(scope, names)].join(", ");
}

/** Who has a whole limit to themselves; null when everybody shares it. */
export function sharers(scope: Scope): "end user" | "session" | null {
  if (scope.end_user?.kind === "each") return "end user";
  return scope.session?.kind === "each" ? "session" : null;
}
