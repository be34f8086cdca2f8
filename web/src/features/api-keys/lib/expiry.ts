// The choices for when a key stops by itself, and the moment each one means.

export const EXPIRIES = [
  { value: "never", label: "Never" },
  { value: "7", label: "In 7 days" },
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
] as const;

export type Expiry = (typeof EXPIRIES)[number]["value"];

const DAY_MS = 86_400_000;

export function expiryMoment(expiry: Expiry, now: number): string | null {
  return expiry === "never" ? null : new Date(now + Number(expiry) * DAY_MS).toISOString();
}

/** Model names as typed, one per line or separated by commas or blanks. */
export function parseModels(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}
