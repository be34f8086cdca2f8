import { expect, test } from "vitest";
import { formatClock, formatCountdown, resetWords } from "./reset-words";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [0, "less than a minute"],
  [59_999, "less than a minute"],
  [12 * MINUTE + 59_000, "12 min"],
  [4 * HOUR, "4 h"],
  [4 * HOUR + 12 * MINUTE, "4 h 12 min"],
  [3 * DAY, "3 d"],
  [3 * DAY + 4 * HOUR + 59 * MINUTE, "3 d 4 h"],
])("%d ms are left as %s", (milliseconds, text) => {
  expect(formatCountdown(milliseconds)).toBe(text);
});

const now = Date.parse("2026-11-26T20:00:00Z");

test("a moment is told by the clocks of the budget, which may be on another day", () => {
  expect(formatClock("2026-11-30T00:00:00Z", "UTC", now)).toBe("Mon 00:00 UTC");
  expect(formatClock("2026-11-29T23:00:00Z", "Europe/Berlin", now)).toBe("Mon 00:00 Europe/Berlin");
});

test("a week away it has a date, and in another year that too", () => {
  expect(formatClock("2026-12-31T23:00:00Z", "UTC", now)).toBe("Dec 31, 23:00 UTC");
  expect(formatClock("2026-12-31T23:00:00Z", "Europe/Berlin", now)).toBe("Jan 1, 2027, 00:00 Europe/Berlin");
});

test("midnight is 00:00, also where the hour is skipped or odd", () => {
  expect(formatClock("2026-11-27T18:30:00Z", "Asia/Kolkata", now)).toBe("Sat 00:00 Asia/Kolkata");
});

test("a period that never ends and one that has just ended say so", () => {
  expect(resetWords(null, "UTC", now)).toBe("never resets");
  expect(resetWords("2026-11-26T20:00:00Z", "UTC", now)).toBe("resets now");
  expect(resetWords("2026-11-30T00:00:00Z", "UTC", now)).toBe("resets in 3 d 4 h (Mon 00:00 UTC)");
});
