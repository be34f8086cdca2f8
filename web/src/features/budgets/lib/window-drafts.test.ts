import { expect, test } from "vitest";
import { windowOf } from "@/testing/budgets";
import { limitAfter, NO_ADJUSTMENT, signed, signedAmount } from "./adjustment-draft";
import { callBody, NO_CALL, verdictWords } from "./evaluation-draft";

const WINDOW = windowOf([0, 1], "3", "10");

test("an adjustment says what the window would have, and never less than nothing", () => {
  const more = { ...NO_ADJUSTMENT, amount: " 2.5 " };
  expect(signedAmount(more)).toBe("2.5");
  expect(limitAfter(more, WINDOW)?.amount).toBe("12.500000000");
  const less = { ...more, direction: "less" as const };
  expect(signedAmount(less)).toBe("-2.5");
  expect(limitAfter(less, WINDOW)?.amount).toBe("7.500000000");
  expect(limitAfter({ ...less, amount: "11" }, WINDOW)?.amount).toBe("0.000000000");
  expect(limitAfter({ ...less, amount: "much" }, WINDOW)).toBeNull();
  expect(limitAfter(more, { ...WINDOW, limit: null })).toBeNull();
  expect(signed({ amount: "5.000000000", currency: "USD" })).toBe("+$5.00");
  expect(signed({ amount: "-5.000000000", currency: "USD" })).toBe("−$5.00");
});

test("a call says only what was filled in", () => {
  const draft = {
    ...NO_CALL,
    key: "key_1",
    model: " m ",
    cost: "0.1 ",
    tags: "a, ,b",
    isOwnConnection: false,
  };
  expect(callBody(draft)).toEqual({
    key: "key_1",
    model: "m",
    cost: { amount: "0.1" },
    own_connection: false,
    tags: ["a", "b"],
  });
  expect(callBody({ ...NO_CALL, endUser: " u ", route: "rt_1" })).toMatchObject({
    end_user: "u",
    route: "rt_1",
  });
});

test("every verdict has a tone and a sentence", () => {
  expect(verdictWords("admitted").tone).toBe("ok");
  expect(verdictWords("contested").sentence).toMatch(/give back/);
  expect(verdictWords("refused").tone).toBe("bad");
});
