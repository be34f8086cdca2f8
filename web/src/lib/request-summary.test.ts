import { expect, test } from "vitest";
import { makeRequest } from "@/testing/fixtures";
import { adviceFor, requestState, summarizeRequest } from "./request-summary";

const base = { id: "req_1", started_at: "2026-11-22T20:38:05Z" };
const [echo] = makeRequest(base).attempts;
if (!echo) throw new Error("the fixture has one attempt");

test("a request served at once says by whom and how fast", () => {
  expect(summarizeRequest(makeRequest(base))).toBe("Served by sluicegate in 12 ms.");
});

test("a failover names what went wrong before", () => {
  const failed = { ...echo, provider: "groq", status: 429, outcome: "rate_limited" };
  const request = makeRequest({
    ...base,
    provider: "openai",
    duration_ms: 1_240,
    attempts: [failed, { ...echo, index: 1 }],
  });
  expect(summarizeRequest(request)).toBe("Served by openai on attempt 2 in 1.2 s; groq answered 429.");
});

test("a refusal before any attempt says so", () => {
  const request = makeRequest({
    ...base,
    status: 404,
    outcome: "refused",
    error_code: "model_not_found",
    attempts: [],
  });
  expect(summarizeRequest(request)).toBe("Refused before any provider was called: 404 (model_not_found).");
  expect(adviceFor(request)).toContain("sluicegate/echo");
});

test("failed attempts are counted", () => {
  const failed = { ...echo, status: null, outcome: "timed_out" };
  const request = makeRequest({
    ...base,
    status: 502,
    outcome: "failed",
    duration_ms: 3_000,
    attempts: [failed, { ...failed, index: 1 }],
  });
  expect(summarizeRequest(request)).toBe("All 2 attempts failed; the client got 502 after 3 s.");
});

test("a stream that began well and broke off is no success", () => {
  const request = makeRequest({ ...base, outcome: "cut", duration_ms: 2_100 });
  expect(summarizeRequest(request)).toBe(
    "The answer from sluicegate broke off after 2.1 s, and the client was told so.",
  );
  expect(requestState(request)).toEqual({ tone: "bad", word: "200 cut off" });
});

test("a client that left and a worker that stopped are told apart", () => {
  expect(summarizeRequest(makeRequest({ ...base, outcome: "client_gone" }))).toBe(
    "The client hung up after 12 ms.",
  );
  expect(requestState(makeRequest({ ...base, outcome: "interrupted" })).word).toBe("Interrupted");
});
