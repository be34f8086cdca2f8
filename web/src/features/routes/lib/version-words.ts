// What became of a version of a route, and what it changed, in words.
import type { RouteVersion } from "@/api/types";
import type { Tone } from "@/components/ui/badge";

const STATES: Record<RouteVersion["state"], { tone: Tone; word: string }> = {
  rolling_out: { tone: "warn", word: "Rolling out" },
  published: { tone: "ok", word: "Published" },
  superseded: { tone: "idle", word: "Superseded" },
  given_up: { tone: "idle", word: "Given up" },
};

export function versionState({ state }: Pick<RouteVersion, "state">): { tone: Tone; word: string } {
  return STATES[state];
}

/** The version that was the published one before another was made, of those that are loaded, newest first. */
export function versionBefore(rows: readonly RouteVersion[], { version }: RouteVersion) {
  return rows.find((other) => other.version < version && other.state !== "given_up");
}

/** What a version changed; nothing where the one before it is not loaded. */
export function changeWords(rows: readonly RouteVersion[], row: RouteVersion): string {
  if (row.restores !== null) return `version ${row.restores} again`;
  if (row.version === 1) return "created";
  const previous = versionBefore(rows, row);
  if (!previous) return "";
  const parts = [
    previous.slug === row.slug ? "" : `renamed from ${previous.slug}`,
    same(previous.aliases, row.aliases) ? "" : "aliases",
    same(previous.rules, row.rules) ? "" : rulesChanged(previous, row),
  ];
  return parts.filter(Boolean).join(", ") || "nothing";
}

function rulesChanged(previous: RouteVersion, row: RouteVersion): string {
  const names = row.rules
    .filter((rule) => !previous.rules.some((other) => same(other, rule)))
    .map(({ name }) => name);
  return names.length > 0 ? `rules ${names.join(", ")}` : "rules taken out or moved";
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
