import { expect, test } from "vitest";
import { NO_CONSTRAINTS } from "@/testing/fixtures";
import { placeOf } from "./finding-places";
import { hunks, lineDiff } from "./line-diff";
import { parseRouteSearch } from "./routes-search";
import {
  armsOf,
  experimentSentence,
  retryWords,
  shareWords,
  strategyName,
  strategySentence,
} from "./strategy-words";

function applied(before: string, after: string): { before: string; after: string } {
  const diff = lineDiff(before, after);
  const of = (kinds: readonly string[]) =>
    diff
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ text }) => `${text}\n`)
      .join("");
  return { before: of(["same", "removed"]), after: of(["same", "added"]) };
}

test.each([
  ["", ""],
  ["a\nb\n", ""],
  ["", "a\n"],
  ["a\nb\nc\n", "a\nc\nd\n"],
  ["x\nx\ny\n", "y\nx\nx\n"],
])("a difference between %j and %j tells both", (before, after) => {
  expect(applied(before, after)).toEqual({ before, after });
});

test("a changed line is shown with its neighbors, and the rest is counted", () => {
  const many = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const changed = many.with(10, "another");
  const shown = hunks(lineDiff(many.join("\n"), changed.join("\n")));
  expect(shown[0]).toEqual({ kind: "skip", lines: 7 });
  expect(shown.at(-1)).toEqual({ kind: "skip", lines: 6 });
  expect(shown.filter(({ kind }) => kind === "added")).toHaveLength(1);
  expect(shown.filter(({ kind }) => kind === "same")).toHaveLength(6);
});

test("a finding stands from its column to the end of its line, and always within the text", () => {
  const doc = {
    lines: 2,
    line: (number: number) => (number === 1 ? { from: 0, to: 5 } : { from: 6, to: 9 }),
  };
  const finding = { severity: "error", pointer: "", code: "x", detail: "x" } as const;
  expect(placeOf(doc, { ...finding, line: 2, column: 2 })).toEqual({ from: 7, to: 9 });
  expect(placeOf(doc, { ...finding, line: 99, column: 99 })).toEqual({ from: 9, to: 9 });
  expect(placeOf(doc, finding)).toEqual({ from: 0, to: 5 });
});

test("strategies, shares and retries are told in words", () => {
  expect(strategyName({ cheapest_within: { milliseconds: 1_500 } })).toBe("Cheapest within 1.5 s");
  expect(strategySentence({ balanced: { second: { amount: "0.0005", currency: "USD" } } })).toContain(
    "$0.0005",
  );
  const targets = [9, 1, 0].map((weight) => ({ model: "a/b", weight, connection: null, arm: null }));
  const words = targets.map((target) => shareWords(target, { strategy: "weighted", targets }));
  expect(words).toEqual(["weight 9, 90 %", "weight 1, 10 %", "weight 0, never serves"]);
  expect(
    shareWords(targets[0] ?? { model: "", weight: 1, connection: null, arm: null }, {
      strategy: "ordered",
      targets,
    }),
  ).toBe(null);
  expect(retryWords({ max_attempts: 1, attempt_timeout_ms: 30_000 })).toBe(
    "One attempt, each of up to 30 s until the answer begins.",
  );
});

test("the arms of an experiment are told with their shares and targets", () => {
  const target = (model: string, arm: string | null) => ({ model, weight: 1, connection: null, arm });
  const experiment = {
    name: "trial",
    unit: { header: "x-route-team" },
    arms: [
      { name: "control", weight: 3 },
      { name: "new", weight: 1 },
      { name: "old", weight: 0 },
    ],
  };
  const targets = [target("a/a", "control"), target("a/b", "new"), target("a/c", "old"), target("a/d", null)];
  const retry = { max_attempts: 1, attempt_timeout_ms: 30_000 };
  const usual = { name: "default", when: null, constraints: NO_CONSTRAINTS, retry };
  const arms = armsOf({ ...usual, strategy: "weighted", experiment, targets });
  expect(arms.map(({ name, share, targets }) => [name, share, targets.map(({ model }) => model)])).toEqual([
    ["control", "75 %", ["a/a"]],
    ["new", "25 %", ["a/b"]],
    ["old", "weight 0, never serves", ["a/c"]],
    ["Behind every arm", "", ["a/d"]],
  ]);
  expect(experimentSentence(experiment)).toContain("header x-route-team");
  // A weight counts among the targets of its arm.
  expect(shareWords(targets[0] ?? target("", null), { strategy: "weighted", targets })).toBe(
    "weight 1, 100 %",
  );
});

test("the URL names a tab and two versions, and nothing else", () => {
  expect(parseRouteSearch({ tab: "versions", from: "2", to: "0" })).toEqual({ tab: "versions", from: 2 });
  expect(parseRouteSearch({ tab: "summary", from: "x" })).toEqual({});
});
