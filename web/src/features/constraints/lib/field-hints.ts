import type { Constraints } from "@/api/types";
import { type ListName, listOf } from "./constraint-draft";

/** Says what holds already, whatever this level demands. */
export function heldBy(words: string): string {
  return `The organization demands ${words}; this can only tighten it.`;
}

export function listHeldBy(above: Constraints | null, name: ListName): string | null {
  const list = above && listOf(above, name);
  if (!list || list.length === 0) return null;
  const joined = name === "certifications" || name.endsWith("/ignore") ? " and " : " or ";
  return heldBy(`${name.endsWith("/ignore") ? "none of " : ""}${list.join(joined)}`);
}
