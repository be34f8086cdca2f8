// The months a statement can be for: calendar months in UTC, as the API names them.

/** `2026-11` and the eleven months before it, newest first. */
export function recentMonths(now: number): string[] {
  const date = new Date(now);
  return Array.from({ length: 12 }, (_, back) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1)).toISOString().slice(0, 7),
  );
}

/** `November 2026`. */
export function monthName(period: string): string {
  return new Intl.DateTimeFormat("en-US", { month: "long", year: "numeric", timeZone: "UTC" }).format(
    new Date(`${period}-01T00:00:00Z`),
  );
}

export function isMonth(value: unknown): value is string {
  return typeof value === "string" && /^\d{4}-(0[1-9]|1[0-2])$/.test(value);
}
