// What the list of budgets shows, as it stands in the URL.

export interface BudgetsSearch {
  /** Budgets of every project; absent: those over the project in view. */
  show?: "all";
}

export function parseBudgetsSearch(search: Record<string, unknown>): BudgetsSearch {
  return search["show"] === "all" ? { show: "all" } : {};
}

export interface BudgetSearch {
  /** One end user or session of a budget that everybody has alone. */
  partition?: string;
}

export function parseBudgetSearch(search: Record<string, unknown>): BudgetSearch {
  const partition = search["partition"];
  return typeof partition === "string" && partition ? { partition } : {};
}
