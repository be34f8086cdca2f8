import { expect, test } from "vitest";
import { makeRequest } from "@/testing/fixtures";
import { isFiltered, parseRequestsSearch } from "./filters";
import { layOutAttempts } from "./lay-out-attempts";

test("filters are read from the URL and nonsense is dropped", () => {
  expect(
    parseRequestsSearch({ status: "error", model: " gpt-4o ", key: "key_1", request: "req_1", range: "1h" }),
  ).toEqual({
    status: "error",
    model: "gpt-4o",
    key: "key_1",
    request: "req_1",
    range: "1h",
  });
  expect(parseRequestsSearch({ status: "maybe", model: "  ", key: "", page: "7" })).toEqual({});
});

test("neither the range nor an open request narrows the list", () => {
  expect(isFiltered({ range: "7d", request: "req_1" })).toBe(false);
  expect(isFiltered({ key: "key_1" })).toBe(true);
});

test("attempts follow one another and end with the request", () => {
  const [attempt] = makeRequest({ id: "r", started_at: "2026-11-22T20:00:00Z" }).attempts;
  if (!attempt) throw new Error("the fixture has one attempt");
  const spans = layOutAttempts({
    duration_ms: 100,
    attempts: [
      { ...attempt, duration_ms: 20, ttft_ms: null },
      { ...attempt, index: 1, duration_ms: 70, ttft_ms: 35 },
    ],
  });
  expect(
    spans.map(({ startPercent, widthPercent, firstTokenPercent }) => [
      startPercent,
      widthPercent,
      firstTokenPercent,
    ]),
  ).toEqual([
    [10, 20, null],
    [30, 70, 50],
  ]);
});

test("a request of no length still has a drawable attempt", () => {
  const request = makeRequest({ id: "r", started_at: "2026-11-22T20:00:00Z", duration_ms: 0 });
  const attempts = request.attempts.map((attempt) => ({ ...attempt, duration_ms: 0 }));
  expect(layOutAttempts({ duration_ms: 0, attempts })[0]?.startPercent).toBe(100);
});

test("an attempt shorter than a millisecond keeps its share of the axis", () => {
  const [attempt] = makeRequest({ id: "r", started_at: "2026-11-22T20:00:00Z" }).attempts;
  if (!attempt) throw new Error("the fixture has one attempt");
  const [span] = layOutAttempts({
    duration_ms: 0.5,
    attempts: [{ ...attempt, duration_ms: 0.25, ttft_ms: 0.125 }],
  });
  expect(span).toMatchObject({ startPercent: 50, widthPercent: 50, firstTokenPercent: 50 });
});
