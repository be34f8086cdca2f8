// What the pages of routes show, as it stands in the URL.

const TABS = ["summary", "edit", "versions", "call"] as const;
export type RouteTab = (typeof TABS)[number];

export interface RouteSearch {
  /** Absent: the summary. */
  tab?: RouteTab;
  /** Versions to compare; absent: the newest with the one before it. */
  from?: number;
  to?: number;
}

export function parseRouteSearch(search: Record<string, unknown>): RouteSearch {
  const tab = TABS.find((known) => known === search["tab"]);
  const from = versionOf(search["from"]);
  const to = versionOf(search["to"]);
  return {
    ...(tab && tab !== "summary" ? { tab } : {}),
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
  };
}

function versionOf(text: unknown): number | null {
  const version = Number(text);
  return Number.isInteger(version) && version > 0 ? version : null;
}
