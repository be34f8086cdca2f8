// What the page of a draft shows, as it stands in the URL.

const TABS = ["document", "changes", "simulation"] as const;
export type DraftTab = (typeof TABS)[number];

export interface DraftSearch {
  /** Absent: the document. */
  tab?: DraftTab;
}

export function parseDraftSearch(search: Record<string, unknown>): DraftSearch {
  const tab = TABS.find((known) => known === search["tab"]);
  return tab && tab !== "document" ? { tab } : {};
}
