import { expect, test } from "vitest";
import { formatDay, formatMoment, formatRelative, formatUtc } from "./time";
import { parseRange, resolveRange } from "./time-range";

const now = Date.parse("2026-11-22T20:38:05Z");
const at = (offset: number) => new Date(now + offset).toISOString();

test.each([
  [-2_000, "just now"],
  [-20_000, "20 seconds ago"],
  [-3 * 60_000, "3 minutes ago"],
  [-26 * 3_600_000, "yesterday"],
  [6 * 86_400_000, "in 6 days"],
])("%d ms from now is %s", (offset, text) => {
  expect(formatRelative(at(offset), now)).toBe(text);
});

test("moments are given in a zone, and exactly in UTC", () => {
  expect(formatMoment(at(0), "UTC")).toBe("Nov 22, 20:38:05");
  expect(formatMoment(at(0), "Asia/Tokyo")).toBe("Nov 23, 05:38:05");
  expect(formatDay(at(0), "UTC")).toBe("Nov 22, 2026");
  expect(formatUtc("2026-11-22T20:38:05.120Z")).toBe("2026-11-22 20:38:05.120 UTC");
});

test("a preset ends now", () => {
  expect(resolveRange({ range: "1h" }, "24h", now)).toEqual({ from: at(-3_600_000), to: at(0) });
  expect(resolveRange({}, "24h", now)).toEqual({ from: at(-86_400_000), to: at(0) });
});

test("a custom range wins over a preset, and a broken one is dropped", () => {
  const custom = { from: at(-5_000), to: at(0) };
  expect(parseRange({ ...custom, range: "7d" })).toEqual(custom);
  expect(parseRange({ from: custom.to, to: custom.from, range: "7d" })).toEqual({ range: "7d" });
  expect(parseRange({ from: "yesterday", to: custom.to })).toEqual({});
  expect(parseRange({ range: "constructor" })).toEqual({});
});
