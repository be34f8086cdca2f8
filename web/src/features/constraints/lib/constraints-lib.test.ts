import { expect, test } from "vitest";
import type { ConstraintProof, Constraints } from "@/api/types";
import { constraintLines } from "@/lib/constraint-words";
import { NO_CONSTRAINTS } from "@/testing/fixtures";
import { draftOf, EMPTY, isEmpty, writtenOf } from "./constraint-draft";
import { listHeldBy } from "./field-hints";
import { counterexampleWords, verdictWords } from "./proof-words";

const EVERYTHING: Constraints = {
  processing: ["EU", "CH"],
  operator_home: ["EU"],
  author_home: ["FR"],
  max_retention_days: 0,
  no_training: true,
  open_weights: true,
  distillable: true,
  licenses: ["apache-2.0"],
  quantizations: ["bf16", "unknown"],
  certifications: ["SOC 2", "ISO 27001"],
  providers: { only: ["openai", "google-vertex/europe-west4"], ignore: ["deepseek"] },
  models: { only: ["openai/*"], ignore: ["openai/gpt-4o"] },
  max_price: {
    input_per_mtok: { amount: "2.500000000", currency: "USD" },
    output_per_mtok: { amount: "10.000000000", currency: "USD" },
    per_request: null,
    per_image: { amount: "0.000000001", currency: "USD" },
  },
};

test("what a form makes of constraints says the same as they do", () => {
  const written = writtenOf(draftOf(EVERYTHING));
  const money = (amount: string) => ({ amount });
  expect(written).toEqual({
    ...EVERYTHING,
    max_price: {
      input_per_mtok: money("2.5"),
      output_per_mtok: money("10"),
      per_image: money("0.000000001"),
    },
  });
});

test("an empty form demands nothing, and a zero is a demand", () => {
  expect(draftOf(NO_CONSTRAINTS)).toEqual(EMPTY);
  expect(isEmpty(EMPTY)).toBe(true);
  expect(writtenOf(EMPTY)).toMatchObject({ processing: null, max_retention_days: null, max_price: {} });
  expect(isEmpty({ ...EMPTY, retention: "0" })).toBe(false);
  expect(writtenOf({ ...EMPTY, retention: "0" }).max_retention_days).toBe(0);
});

test("entries are parted by commas and lines, and blanks are no entries", () => {
  const draft = { ...EMPTY, lists: { ...EMPTY.lists, processing: " EU,\nCH ,, " } };
  expect(writtenOf(draft).processing).toEqual(["EU", "CH"]);
});

test("every constraint has its line", () => {
  const lines = constraintLines(EVERYTHING);
  expect(lines.map(({ name }) => name).sort()).toEqual(Object.keys(EVERYTHING).sort());
  expect(Object.fromEntries(lines.map(({ name, text }) => [name, text]))).toMatchObject({
    processing: "EU or CH",
    max_retention_days: "nothing is kept",
    quantizations: "bf16 or not known",
    certifications: "SOC 2 and ISO 27001",
    providers: "only openai, google-vertex/europe-west4; none of deepseek",
    max_price:
      "$2.50 for a million prompt tokens, $10.00 for a million generated tokens, $0.000000001 for an image",
  });
  expect(constraintLines(NO_CONSTRAINTS)).toEqual([]);
});

test("a field says what the level above demands", () => {
  expect(listHeldBy(EVERYTHING, "processing")).toContain("demands EU or CH;");
  expect(listHeldBy(EVERYTHING, "providers/ignore")).toContain("demands none of deepseek;");
  expect(listHeldBy(NO_CONSTRAINTS, "processing")).toBe(null);
  expect(listHeldBy(null, "processing")).toBe(null);
});

test("a proof is told with what was looked at, and never as one where there was nothing to look at", () => {
  const proof: ConstraintProof = { holds: true, candidates: 40, reachable: 12, constraints: [] };
  expect(verdictWords(proof)).toMatch(/^It holds: .*40 ways to a model looked at, 12 of them/);
  expect(verdictWords({ ...proof, holds: false })).toMatch(/^It does not hold\./);
  expect(verdictWords({ ...proof, candidates: 0, reachable: 0 })).toMatch(/^Nothing can be reached/);
});

test("a counterexample names the call, the account, the reason, and when it is later", () => {
  const now = Date.parse("2026-11-27T12:00:00Z");
  const call = { model: "openai/gpt-4o", provider: "openai", connection: "con_1", code: "region_blocked" };
  const names = new Map([["con_1", "main"]]);
  expect(counterexampleWords({ ...call, at: "2026-11-27T12:00:05Z" }, names, now)).toBe(
    "A call for openai/gpt-4o reaches openai over the connection main: not known to process where demanded.",
  );
  const later = counterexampleWords({ ...call, connection: null, at: "2026-12-01T00:00:00Z" }, names, now);
  expect(later).toContain("once prices change at Dec 1");
  expect(later).toContain("an account that is resold to you");
});
