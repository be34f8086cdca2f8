// Documents are read back by another YAML reader than the one that wrote them.
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { RouteRule, RouteStrategy } from "@/api/types";
import { NO_CONSTRAINTS } from "@/testing/fixtures";
import { EXAMPLES } from "./examples";
import { completed, documentOf } from "./route-document";

const RETRY = { max_attempts: 2, attempt_timeout_ms: 30_000 };
const TARGET = { model: "openai/gpt-4o-mini", weight: 1, connection: null, arm: null };

function rule(over: Partial<RouteRule> = {}): RouteRule {
  const usual = {
    name: "default",
    when: null,
    strategy: "ordered" as const,
    experiment: null,
    targets: [TARGET],
    retry: RETRY,
  };
  return { ...usual, constraints: NO_CONSTRAINTS, ...over };
}

function readBack(rules: RouteRule[], aliases: string[] = []): Record<string, unknown> {
  return parse(documentOf({ slug: "support", aliases, rules }));
}

test("a route of one plain rule is a document without rules", () => {
  expect(readBack([rule()], ["claude-x"])).toEqual({
    slug: "support",
    aliases: ["claude-x"],
    strategy: "ordered",
    targets: [{ model: "openai/gpt-4o-mini" }],
    retry: RETRY,
  });
});

test.each(["true", "null", "12", "a: b", "- a", "it's # not", "", "ends with:", "*star", "é"])(
  "the text %j is read back as it is",
  (text) => {
    expect(readBack([rule({ targets: [{ ...TARGET, model: text }] })], [text])).toMatchObject({
      aliases: [text],
      targets: [{ model: text }],
    });
  },
);

test.each<RouteStrategy>([
  "least_loaded",
  { cheapest_within: { milliseconds: 800 } },
  { fastest_under: { cost: { amount: "0.002000000", currency: "USD" } } },
  { balanced: { second: { amount: "0.000500000", currency: "USD" } } },
])("the strategy %j is read back as it is", (strategy) => {
  expect(readBack([rule({ strategy })])).toMatchObject({ strategy });
});

test("an experiment is read back as it is, and the arm of each target", () => {
  const experiment = {
    name: "trial",
    unit: { metadata: "team: a" },
    arms: [
      { name: "control", weight: 9 },
      { name: "new", weight: 0 },
    ],
  };
  const targets = [{ ...TARGET, arm: "control" }, { ...TARGET, arm: "new" }, TARGET];
  const model = TARGET.model;
  expect(readBack([rule({ experiment, targets })])).toMatchObject({
    rules: [{ experiment, targets: [{ model, arm: "control" }, { model, arm: "new" }, { model }] }],
  });
});

test("a hedge is read back as it is", () => {
  const hedge = {
    after: { percentile: 95 },
    max_percent: 5,
    max_cost: { amount: "0.002000000", currency: "USD" },
  };
  const retry = { ...RETRY, hedge };
  expect(readBack([rule({ retry })])).toMatchObject({ retry });
});

test.each([
  "request.input_tokens > 100000",
  'signal("load", 0.0) > 0.8 && time.hour("Europe/Berlin") in [9, 10]',
  'request.stream ? "a" == "b" : true',
  '"batch" in request.tags # not a comment',
  "!request.stream",
  "request.user == 'it''s'",
  "true",
  "(request.tools > 0)",
  'request.user == "Zoë"',
  'request.user.startsWith("a:")',
])("the condition %j is read back as it is", (when) => {
  expect(readBack([rule({ when }), rule({ name: "rest" })])).toMatchObject({ rules: [{ when }, {}] });
});

test("rules keep conditions of several lines, weights, connections and what they demand, and nothing else", () => {
  const first = rule({
    name: "long",
    when: 'request.input_tokens > 5 &&\n  "a" in request.tags',
    strategy: "weighted",
    targets: [{ model: "openai/gpt-4o", weight: 0, connection: "con_1", arm: null }],
    constraints: {
      ...NO_CONSTRAINTS,
      processing: ["EU", "NO"],
      max_retention_days: 0,
      no_training: true,
      providers: { only: null, ignore: ["openai"] },
      max_price: { ...NO_CONSTRAINTS.max_price, per_request: { amount: "0.010000000", currency: "USD" } },
    },
  });
  expect(readBack([first, rule({ name: "rest" })])).toEqual({
    slug: "support",
    aliases: [],
    rules: [
      {
        name: "long",
        when: first.when,
        strategy: "weighted",
        targets: [{ model: "openai/gpt-4o", weight: 0, connection: "con_1" }],
        retry: RETRY,
        constraints: {
          processing: ["EU", "NO"],
          max_retention_days: 0,
          no_training: true,
          providers: { ignore: ["openai"] },
          max_price: { per_request: { amount: "0.010000000", currency: "USD" } },
        },
      },
      { name: "rest", strategy: "ordered", targets: [{ model: "openai/gpt-4o-mini" }], retry: RETRY },
    ],
  });
});

test.each([
  ["in lines", "slug: x\nstrategy: ordered\ntargets: [{ model: a/b }]\n"],
  ["in braces", '{\n  "slug": "x",\n  "strategy": "ordered",\n  "targets": [{"model": "a/b"}]\n}\n'],
])("aliases and retries that were taken out of a document %s are named, and no line moves", (_, text) => {
  const whole = completed(text);
  expect(parse(whole)).toEqual({
    ...parse(text),
    aliases: [],
    retry: { max_attempts: 3, attempt_timeout_ms: 120_000 },
  });
  expect(whole.split("\n").slice(0, 3)).toEqual(text.split("\n").slice(0, 3));
});

test("a document that names them, or has rules with retries of their own, stays as it is", () => {
  const text = "slug: x\naliases: [y]\nrules:\n  - name: a\n    retry: {}\n";
  expect(completed(text)).toBe(text);
  expect(completed("{ half")).toBe("{ half");
});

test("every example is a document, each with a name of its own", () => {
  const slugs = EXAMPLES.map(({ text }) => parse(text).slug);
  expect(new Set(slugs).size).toBe(EXAMPLES.length);
});
