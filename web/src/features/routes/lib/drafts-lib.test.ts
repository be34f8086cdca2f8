import { expect, test } from "vitest";
import { parse } from "yaml";
import type { CreateRoute } from "@/api/types";
import { simulationOf } from "@/testing/simulation";
import { basedOn, standingOf } from "./draft-words";
import {
  costChange,
  fateWords,
  figuresOf,
  mixBars,
  reasonWords,
  signedDuration,
  totalBars,
} from "./simulation-words";
import { writtenDocument } from "./written-document";

test("a document as it was written is written again with the same meaning, and nothing added", () => {
  const document: CreateRoute = {
    slug: "support",
    rules: [
      {
        name: "long",
        when: 'request.input_tokens > 5\n&& "x" in request.tags',
        constraints: { processing: ["EU"], max_price: { per_request: { amount: "0.1" } } },
        strategy: { cheapest_within: { milliseconds: 800 } },
        targets: [{ connection: "main", model: "openai/gpt-4o", weight: 3 }],
      },
      {
        name: "rest",
        strategy: "ordered",
        targets: [{ model: "m: odd # name" }],
        retry: { max_attempts: 2, attempt_timeout_ms: 9_000 },
      },
    ],
  };
  const text = writtenDocument(document);
  expect(parse(text)).toEqual(document);
  expect(text.startsWith("slug: support\nrules:\n  - name: long\n    when: |-\n")).toBe(true);
  expect(text).toContain("- { model: openai/gpt-4o, weight: 3, connection: main }");
  expect(text).not.toContain("aliases");
});

test("a document without rules, or with nothing in its lists, is written again, too", () => {
  const plain: CreateRoute = { targets: [], strategy: "ordered", slug: "no", message: "why: so" };
  const text = writtenDocument(plain);
  expect(parse(text)).toEqual(plain);
  expect(text).toBe('slug: "no"\nmessage: "why: so"\nstrategy: ordered\ntargets: []\n');
});

test("a draft says what it is based on", () => {
  const summary = { route: "rt", slug: "s", updated_by: null, updated_at: "2026-11-27T10:00:00Z" };
  const fresh = { ...summary, base_version: null, published_version: null, next_version: 1, is_stale: false };
  expect(basedOn(fresh)).toBe("a new route");
  const stale = { ...summary, base_version: 3, published_version: 5, next_version: 7, is_stale: true };
  expect(basedOn(stale)).toBe("version 3; version 5 is published");
});

test("a draft is behind once either answer tells of a newer version", () => {
  const draft = {
    route: "rt",
    slug: "s",
    base_version: 3,
    published_version: 3,
    next_version: 4,
    is_stale: false,
    updated_by: null,
    updated_at: "2026-11-27T10:00:00Z",
  };
  expect(standingOf(draft, undefined)).toEqual(draft);
  const newer = { ...draft, published_version: 4, next_version: 5, is_stale: true };
  expect(standingOf(draft, newer)).toEqual(newer);
  expect(standingOf(newer, draft)).toEqual(newer);
  const takenOver = { ...newer, base_version: 4, is_stale: false };
  expect(standingOf(takenOver, newer)).toEqual(takenOver);
  const besideAbortedRollout = { ...draft, next_version: 5 };
  expect(standingOf(draft, besideAbortedRollout)).toEqual(besideAbortedRollout);
  const unpublished = { ...draft, base_version: null, published_version: null };
  expect(standingOf(unpublished, unpublished)).toEqual(unpublished);
});

const SIMULATION = simulationOf({}, 3, ["a", "b", "c"], Date.parse("2026-11-27T10:00:00Z"));

test("a simulation is told in five numbers, each with what it is of", () => {
  const [cost, ttft, changed, refused, violations] = figuresOf(SIMULATION);
  expect(cost).toMatchObject({ value: "−$0.542", note: "$1.284203871 to $0.742118004, 365 requests" });
  expect(ttft).toMatchObject({ value: "−181 ms", note: "612 ms to 432 ms, 349 requests" });
  expect(changed).toMatchObject({ value: "64", note: "of 369 requests decided again" });
  expect(refused).toMatchObject({ value: "4", isBad: true });
  expect(violations).toMatchObject({ value: "0", isBad: false });
});

test("what is not known is neither a number nor a bar", () => {
  const zero = { amount: "0.000000000", currency: "USD" as const };
  const unknown = {
    ...SIMULATION,
    cost: { requests: 0, published: zero, proposed: zero, change: zero },
    ttft: { requests: 0, published_ms: null, proposed_ms: null },
  };
  expect(
    figuresOf(unknown)
      .slice(0, 2)
      .map(({ value }) => value),
  ).toEqual(["not known", "not known"]);
  expect(totalBars(unknown)).toEqual([]);
  expect(totalBars(SIMULATION).map(({ id }) => id)).toEqual(["cost", "ttft"]);
  expect(signedDuration(0.2)).toBe("no change");
});

test("each difference says where a request goes, why not, and what it costs more", () => {
  const connections = new Map([["con_openai", "main"]]);
  const [first, , , refused] = SIMULATION.differences;
  if (!first || !refused) throw new Error("there are no differences");
  expect(fateWords(first.published, connections)).toBe("openai/gpt-4o over main");
  expect(fateWords(refused.proposed, connections)).toBe("refused: context too small");
  expect(mixBars(SIMULATION.mix, connections)[0]?.label).toBe("openai/gpt-4o over main");
  expect(costChange(first.published, first.proposed)).toEqual({ amount: "-0.003937500", currency: "USD" });
  expect(costChange(refused.published, refused.proposed)).toBeNull();
});

test("every reason why a request was not simulated is a sentence, known or not", () => {
  const words = SIMULATION.not_simulated.map(reasonWords);
  expect(words[0]).toBe('A condition asks for signal("load") that records do not keep.');
  expect(words[2]).toMatch(/key was revoked/);
  expect(reasonWords({ reason: "of_tomorrow", fact: null, requests: 1 })).toBe("of_tomorrow");
});
