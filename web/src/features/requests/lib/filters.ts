// What the requests page filters by, read from and written to its URL.
import { parseRange, type RangeSearch } from "@/lib/time-range";

export interface RequestsSearch extends RangeSearch {
  status?: "ok" | "error";
  model?: string;
  key?: string;
  /** The request whose details are open. */
  request?: string;
}

export function parseRequestsSearch(search: Record<string, unknown>): RequestsSearch {
  const status = search["status"];
  return {
    ...parseRange(search),
    ...(status === "ok" || status === "error" ? { status } : {}),
    ...text(search, "model"),
    ...text(search, "key"),
    ...text(search, "request"),
  };
}

/** True when something other than the time range narrows the list. */
export function isFiltered(search: RequestsSearch): boolean {
  return Boolean(search.status || search.model || search.key);
}

function text<Name extends string>(search: Record<string, unknown>, name: Name): { [K in Name]?: string } {
  const value = search[name];
  return (typeof value === "string" && value.trim() ? { [name]: value.trim() } : {}) as {
    [K in Name]?: string;
  };
}
