import { expect, test } from "vitest";
import { parseBillingSearch } from "./billing-search";
import { monthName, recentMonths } from "./months";
import { changeWords, lineWord } from "./transfer-words";

const usd = (amount: string) => ({ amount, currency: "USD" });

test("a change of the balance has a sign, and none is left out", () => {
  expect(changeWords(usd("50.000000000"))).toBe("+$50.00");
  expect(changeWords(usd("-0.000412000"))).toBe("−$0.000412");
  expect(changeWords(usd("0.000000000"))).toBe("");
});

test("a type of transfer that this dashboard does not know is still named", () => {
  expect(lineWord("write_off")).toBe("Write-off");
  expect(lineWord("some_new_type")).toBe("some new type");
  expect(lineWord("constructor")).toBe("constructor");
});

test("statements go a year back, by months in UTC", () => {
  const months = recentMonths(Date.parse("2026-02-28T23:30:00-05:00"));
  expect(months).toHaveLength(12);
  expect(months.slice(0, 3)).toEqual(["2026-03", "2026-02", "2026-01"]);
  expect(months.at(-1)).toBe("2025-04");
  expect(monthName("2026-03")).toBe("March 2026");
});

test("the URL keeps what is meaningful", () => {
  expect(parseBillingSearch({ tab: "credits", period: "2026-11" })).toEqual({
    tab: "credits",
    period: "2026-11",
  });
  expect(parseBillingSearch({ tab: "secrets", period: "2026-13" })).toEqual({});
});
