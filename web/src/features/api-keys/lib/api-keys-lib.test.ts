import { expect, test } from "vitest";
import { makeKey } from "@/testing/fixtures";
import { deriveBody, endsInTime, NEW_DERIVATION } from "./derivation";
import { expiryMoment, parseModels } from "./expiry";
import { keyState } from "./key-status";
import { keyRows } from "./key-tree";

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

test("keys stand below the keys they derive from, and alone when those are not loaded", () => {
  const made = (id: string, parent: string | null) => makeKey({ id, name: id, parent });
  const rows = keyRows([made("b", "a"), made("x", "gone"), made("c", "b"), made("a", null), made("d", "a")]);
  expect(rows.map(({ key: { id }, depth, parent }) => [id, depth, parent?.id])).toEqual([
    ["x", 0, undefined],
    ["a", 0, undefined],
    ["b", 1, "a"],
    ["c", 2, "b"],
    ["d", 1, "a"],
  ]);
});

test("a derived key is sent with what was said and nothing else", () => {
  expect(deriveBody({ ...NEW_DERIVATION, name: " run 42 " }, now)).toEqual({ name: "run 42" });
  const draft = {
    name: "ci",
    expiry: "7" as const,
    models: "gpt-4o",
    amount: " 1.50 ",
    interval: "day" as const,
  };
  expect(deriveBody(draft, now)).toEqual({
    name: "ci",
    expires_at: inDays(7),
    allowed_models: ["gpt-4o"],
    limit: { amount: "1.50" },
    interval: "day",
  });
});

test("only ends within the parent's time are offered", () => {
  const parent = { ...key, expires_at: inDays(30) };
  expect(endsInTime("7", parent, now)).toBe(true);
  expect(endsInTime("30", parent, now)).toBe(true);
  expect(endsInTime("90", parent, now)).toBe(false);
  expect(endsInTime("90", key, now)).toBe(true);
});
