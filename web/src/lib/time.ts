// Times for reading. Local time is what people see; UTC is what titles, charts by day and the API say.

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

const relative = new Intl.RelativeTimeFormat("en-US", { numeric: "auto" });

/** `now`, `3 minutes ago`, `in 6 days`. */
export function formatRelative(iso: string, now: number): string {
  const distance = Date.parse(iso) - now;
  const unit = UNITS.find(([, size]) => Math.abs(distance) >= size);
  if (!unit || Math.abs(distance) < 5_000) return "just now";
  return relative.format(Math.trunc(distance / unit[1]), unit[0]);
}

/** `Nov 22, 20:38:05` in the reader's zone. */
export function formatMoment(iso: string, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-US", {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    ...(timeZone ? { timeZone } : {}),
  }).format(new Date(iso));
}

/** `Nov 22, 2026`. */
export function formatDay(iso: string, timeZone?: string): string {
  return new Intl.DateTimeFormat("en-US", {
    dateStyle: "medium",
    ...(timeZone ? { timeZone } : {}),
  }).format(new Date(iso));
}

/** `2026-11-22 20:38:05.120 UTC`, for titles and copying. */
export function formatUtc(iso: string): string {
  return `${new Date(iso).toISOString().replace("T", " ").replace("Z", "")} UTC`;
}
