import { expect, test } from "vitest";
import { formatMoney, formatMoneyExact, fromNanos, parseAmount, sumMoney, toNanos } from "./money";

const usd = (amount: string) => ({ amount, currency: "USD" });

test.each([
  ["0.000412000", 412_000n],
  ["12.34", 12_340_000_000n],
  ["-0.000000001", -1n],
  ["9007199.254740993", 9_007_199_254_740_993n],
  ["1.000000000000", 1_000_000_000n],
])("%s is %d nanos", (amount, nanos) => {
  expect(toNanos(usd(amount))).toBe(nanos);
});

test.each(["", "1,000", "1e-9", "0.0000000001", "one"])("%j is refused", (amount) => {
  expect(() => toNanos(usd(amount))).toThrow(RangeError);
});

test("sums beyond the precision of a float stay exact", () => {
  const total = sumMoney([usd("9007199.254740993"), usd("0.000000001"), usd("-0.000000002")]);
  expect(total).toEqual(usd("9007199.254740992"));
});

test("a sum of nothing is zero dollars", () => {
  expect(sumMoney([])).toEqual(usd("0.000000000"));
});

test("nanos survive the way there and back", () => {
  for (const nanos of [0n, 1n, -1n, 999_999_999n, 1_000_000_000n, -1_000_000_001n]) {
    expect(toNanos(fromNanos(nanos, "USD"))).toBe(nanos);
  }
});

test.each([
  ["0.000000412", "$0.000000412"],
  ["0.000412000", "$0.000412"],
  ["0.139740207", "$0.139740207"],
  ["0", "$0.00"],
  ["1284.2", "$1,284.20"],
  ["-2.5", "−$2.50"],
])("%s is exactly %s", (amount, text) => {
  expect(formatMoneyExact(usd(amount))).toBe(text);
});

test.each([
  ["0.000412345", "$0.000412"],
  ["0.000000001", "$0.000000001"],
  ["0.139740207", "$0.14"],
  ["0.0371", "$0.0371"],
  ["0.999999999", "$1.00"],
  ["1284.205", "$1,284.21"],
  ["1234567.891", "$1,234,567.89"],
  ["0.000000000", "$0.00"],
])("%s reads %s", (amount, text) => {
  expect(formatMoney(usd(amount))).toBe(text);
});

test("other currencies carry their code", () => {
  expect(formatMoney({ amount: "3.5", currency: "EUR" })).toBe("EUR 3.50");
});

test("an amount is read as typed, and anything else is no amount", () => {
  expect(parseAmount(" 25.5 ")).toBe(25_500_000_000n);
  for (const text of ["", "1,000", "-1", "1e3", "$5", "0.0000000001"]) expect(parseAmount(text)).toBeNull();
});
