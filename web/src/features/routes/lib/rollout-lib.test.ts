import { expect, test } from "vitest";
import { busyRollouts } from "@/testing/rollouts";
import { guardsOf, mistakesIn, parseStages, rolloutBody, USUAL_ROLLOUT } from "./rollout-draft";
import { figureRows, guardWords, nextShare, shareWords, verdictWords } from "./rollout-words";

const [progressing, halted] = busyRollouts(0);
if (!progressing || !halted) throw new Error("there is no rollout");

test("stages are ascending shares that leave somebody to the published version", () => {
  expect(parseStages("5, 25, 50")).toEqual([5, 25, 50]);
  expect(parseStages(" 1% 99 ")).toEqual([1, 99]);
  for (const text of ["", "0, 5", "5, 100", "5, 5", "25, 5", "2.5", "a few", "1 2 3 4 5 6 7 8 9 10 11"]) {
    expect(parseStages(text), text).toBeNull();
  }
});

test("the usual rollout is sent as the server would have it by itself", () => {
  expect(rolloutBody(USUAL_ROLLOUT)).toEqual({
    stages: [5, 25, 50],
    hold_minutes: 10,
    halt_when: { error_rate_points: 2, cost_ratio: 1.5, ttft_p95_ratio: 1.5, min_requests: 50 },
  });
  expect(mistakesIn(USUAL_ROLLOUT)).toEqual({});
});

test("what is left empty does not count, and nothing is taken for something else", () => {
  const draft = { ...USUAL_ROLLOUT, holdMinutes: "", errorPoints: " ", costRatio: "", ttftRatio: "" };
  expect(mistakesIn(draft)).toEqual({});
  expect(rolloutBody(draft)).toMatchObject({ hold_minutes: null, halt_when: { error_rate_points: null } });
  expect(guardWords(guardsOf(draft))).toBe("Nothing halts it but you.");
  const wrong = {
    stages: "50, 5",
    holdMinutes: "0.5",
    minRequests: "",
    errorPoints: "0",
    costRatio: "0.9",
    ttftRatio: "fast",
  };
  expect(Object.keys(mistakesIn(wrong))).toEqual(Object.keys(wrong));
});

test("a rollout says who is served, what comes next, and what it waits for", () => {
  expect(shareWords(progressing)).toBe("Version 2 serves 25 of 100 conversations, version 1 the others.");
  expect(verdictWords(progressing)).toContain("The next stage, 50 %, follows");
  expect(nextShare({ stages: [5, 25, 50], stage: 3 })).toBe(100);
  expect(verdictWords({ ...progressing, stage: 3, waiting_for: "operator" })).toContain(
    "Everybody waits for you",
  );
  expect(verdictWords({ ...progressing, waiting_for: "requests" })).toContain("50 requests");
  expect(verdictWords({ ...progressing, waiting_for: null })).toContain("within seconds");
  expect(shareWords(halted)).toContain("serves nobody for now");
  expect(verdictWords(halted)).toBeNull();
});

test("figures stand side by side with their limits, and none is made up", () => {
  const rows = figureRows({ ...progressing, halt_when: { ...progressing.halt_when, cost_ratio: null } });
  expect(rows.map(({ before, after, limit }) => [before.text, after.text, limit])).toEqual([
    ["37,512", "12,488", "from 50 each"],
    ["1.0 %", "1.1 %", "2 points more"],
    ["812 ms", "655 ms", "1.5 × as long"],
    ["$0.000412", "$0.000268", "does not count"],
  ]);
  const none = { requests: 0, errors: 0, error_percent: null, ttft_p95_ms: null, mean_cost: null };
  const empty = figureRows({ ...progressing, figures: { published: none, newer: none, is_cut: false } });
  expect(empty.map(({ after }) => after.text)).toEqual(["0", "none", "none", "none"]);
});
