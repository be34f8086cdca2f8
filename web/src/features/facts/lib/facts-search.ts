// Which endpoints the page of facts shows, as it stands in the URL.

export interface FactsSearch {
  /** Part of a model's name. */
  q?: string;
  /** Id of a provider. */
  provider?: string;
}

export function parseFactsSearch(search: Record<string, unknown>): FactsSearch {
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);
  const q = text(search["q"]);
  const provider = text(search["provider"]);
  return { ...(q ? { q } : {}), ...(provider ? { provider } : {}) };
}
