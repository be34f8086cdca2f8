import { expect, test } from "vitest";
import { makeLimit } from "@/testing/limits";
import { changeBody, createBody, draftOf, newLimit } from "./limit-draft";
import { amountWords } from "./metrics";

test("a limit is sent as numbers, and a burst left out follows the amount", () => {
  expect(createBody({ ...newLimit("prj_1"), amount: "600" })).toEqual({
    metric: "requests",
    amount: 600,
    burst: null,
    scope: { project: "prj_1" },
  });
});

test("concurrency has no burst, whatever was typed before", () => {
  const draft = { ...newLimit(""), metric: "concurrency" as const, amount: "20", burst: "5" };
  expect(createBody(draft)).toEqual({ metric: "concurrency", amount: 20, burst: null, scope: {} });
});

test("a burst that followed the amount goes on following it", () => {
  const following = draftOf(makeLimit({ id: "lim_1", amount: 600, burst: 600 }));
  expect(changeBody({ ...following, amount: "900" })).toEqual({ amount: 900, burst: null });
  const own = draftOf(makeLimit({ id: "lim_1", amount: 600, burst: 50 }));
  expect(changeBody({ ...own, amount: "900" })).toEqual({ amount: 900, burst: 50 });
});

test("amounts say their unit", () => {
  expect(amountWords(makeLimit({ id: "lim_1", amount: 250_000 }))).toBe("250,000 a minute");
  expect(amountWords(makeLimit({ id: "lim_1", metric: "concurrency", amount: 20 }))).toBe("20 at once");
});
