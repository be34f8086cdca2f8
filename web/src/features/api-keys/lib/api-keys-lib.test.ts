import { expect, test } from "vitest";
import { makeKey } from "@/testing/fixtures";
import { expiryMoment, parseModels } from "./expiry";
import { keyState } from "./key-status";

const now = Date.parse("2026-11-22T20:00:00Z");
const inDays = (days: number) => new Date(now + days * 86_400_000).toISOString();
const key = makeKey({ id: "key_1", name: "one" });

test("expiry is a moment, or never", () => {
  expect(expiryMoment("never", now)).toBeNull();
  expect(expiryMoment("7", now)).toBe("2026-11-29T20:00:00.000Z");
});

test("models are split as people type them", () => {
  expect(parseModels(" gpt-4o, route/a\n gpt-4o  x/y ")).toEqual(["gpt-4o", "route/a", "x/y"]);
  expect(parseModels("  ")).toEqual([]);
});

test.each([
  [{}, "Active", null],
  [{ status: "disabled" as const, expires_at: inDays(1) }, "Disabled", null],
  [{ status: "held_back" as const }, "Held back", "its parent is off"],
  [{ expires_at: inDays(4) }, "Active", "expires in 4 days"],
  [{ expires_at: inDays(40) }, "Active", null],
  // The page was loaded before the moment came.
  [{ expires_at: inDays(-1) }, "Expired", "yesterday"],
  [{ previous_secret_valid_until: inDays(1) }, "Rotating", "old secret ends tomorrow"],
  [{ previous_secret_valid_until: inDays(-1) }, "Active", null],
])("%j reads %s", (over, word, note) => {
  expect(keyState({ ...key, ...over }, now)).toMatchObject({ word, note });
});
