// The time range every observing page shares through the URL: `?range=24h`, or `?from=…&to=…` for a custom one.

export const PRESETS = {
  "1h": { label: "Last hour", milliseconds: 3_600_000 },
  "24h": { label: "Last 24 hours", milliseconds: 86_400_000 },
  "7d": { label: "Last 7 days", milliseconds: 7 * 86_400_000 },
  "30d": { label: "Last 30 days", milliseconds: 30 * 86_400_000 },
} as const;

export type Preset = keyof typeof PRESETS;

export interface RangeSearch {
  range?: Preset;
  from?: string;
  to?: string;
}

export interface Interval {
  from: string;
  to: string;
}

export function isPreset(value: unknown): value is Preset {
  return typeof value === "string" && Object.hasOwn(PRESETS, value);
}

/** Keeps what is meaningful in a query string; a broken custom range falls back to the page's default. */
export function parseRange(search: Record<string, unknown>): RangeSearch {
  const from = parseInstant(search["from"]);
  const to = parseInstant(search["to"]);
  if (from && to && from < to) return { from, to };
  return isPreset(search["range"]) ? { range: search["range"] } : {};
}

/** The interval meant by a range at a given moment. */
export function resolveRange(range: RangeSearch, fallback: Preset, now: number): Interval {
  if (range.from && range.to) return { from: range.from, to: range.to };
  const { milliseconds } = PRESETS[range.range ?? fallback];
  return { from: new Date(now - milliseconds).toISOString(), to: new Date(now).toISOString() };
}

function parseInstant(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
