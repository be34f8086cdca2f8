// What the list of limits shows, as it stands in the URL.

export interface LimitsSearch {
  /** Limits of every project; absent: those over the project in view. */
  show?: "all";
}

export function parseLimitsSearch(search: Record<string, unknown>): LimitsSearch {
  return search["show"] === "all" ? { show: "all" } : {};
}
