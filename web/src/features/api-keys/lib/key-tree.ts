// Puts keys below the keys they derive from.
import type { Key } from "@/api/types";

export interface KeyRow {
  key: Key;
  /** How many of the keys it derives from are above it. */
  depth: number;
  /** The key it derives from, when that is loaded too. */
  parent: Key | null;
}

/** Keys in the order given, each followed by what derives from it. A key whose parent is not there stands on its own. */
export function keyRows(keys: readonly Key[]): KeyRow[] {
  const known = new Map(keys.map((key) => [key.id, key]));
  const roots = keys.filter(({ parent }) => !parent || !known.has(parent));
  const rows: KeyRow[] = [];
  const open = roots.map((key): KeyRow => ({ key, depth: 0, parent: null })).reverse();
  for (let row = open.pop(); row; row = open.pop()) {
    const { key, depth } = row;
    rows.push(row);
    const children = keys.filter(({ parent }) => parent === key.id);
    open.push(...children.map((child) => ({ key: child, depth: depth + 1, parent: key })).reverse());
  }
  return rows;
}
