import { expect, test } from "vitest";
import { alignInterval, allowsHours, chooseGrain, chooseMetric, parseUsageSearch } from "./usage-search";

test("only known words are read from the URL", () => {
  expect(
    parseUsageSearch({ metric: "tokens", grain: "day", group: "key", view: "table", range: "7d" }),
  ).toEqual({
    metric: "tokens",
    grain: "day",
    group: "key",
    view: "table",
    range: "7d",
  });
  expect(parseUsageSearch({ metric: "profit", grain: "minute", group: "", view: "pie" })).toEqual({});
});

test("the grain follows the range until it is chosen, and hours stop where bars could not be told apart", () => {
  expect(chooseGrain({})).toBe("hour");
  expect(chooseGrain({ range: "7d" })).toBe("day");
  expect(chooseGrain({ range: "7d", grain: "hour" })).toBe("hour");
  expect(allowsHours({ range: "30d" })).toBe(false);
  expect(chooseGrain({ range: "30d", grain: "hour" })).toBe("day");
});

test("spend is drawn until something else is chosen, unless nothing was spent", () => {
  const free = { amount: "0.000000000", currency: "USD" };
  expect(chooseMetric({}, { amount: "0.000000001", currency: "USD" })).toBe("spend");
  expect(chooseMetric({}, free)).toBe("requests");
  expect(chooseMetric({ metric: "spend" }, free)).toBe("spend");
  expect(chooseMetric({}, undefined)).toBe("spend");
});

test("the first bucket is whole", () => {
  const interval = { from: "2026-11-22T10:20:00.000Z", to: "2026-11-22T13:30:00.000Z" };
  expect(alignInterval(interval, "hour").from).toBe("2026-11-22T10:00:00.000Z");
  expect(alignInterval(interval, "day")).toEqual({ from: "2026-11-22T00:00:00.000Z", to: interval.to });
});
