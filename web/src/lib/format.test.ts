import { expect, test } from "vitest";
import { formatCount, formatDuration, formatShare, plural } from "./format";

test.each([
  [842, "842"],
  [9_999, "9,999"],
  [12_400, "12.4 k"],
  [999_950, "1 M"],
  [3_100_000, "3.1 M"],
  [7_200_000_000, "7.2 B"],
])("%d counts as %s", (value, text) => {
  expect(formatCount(value)).toBe(text);
});

test.each([
  [0, "0 ms"],
  [0.312, "0.31 ms"],
  [0.999, "1 ms"],
  [4.237, "4.2 ms"],
  [9.96, "10 ms"],
  [12.4, "12 ms"],
  [812.6, "813 ms"],
  [999.7, "1 s"],
  [3_200, "3.2 s"],
  [59_960, "1 min"],
  [125_000, "2 min 5 s"],
])("%d ms takes %s", (value, text) => {
  expect(formatDuration(value)).toBe(text);
});

test("a small share is not rounded to nothing", () => {
  expect(formatShare(0, 10)).toBe("0 %");
  expect(formatShare(1, 100_000)).toBe("< 0.1 %");
  expect(formatShare(4, 1_000)).toBe("0.4 %");
  expect(formatShare(0, 0)).toBe("0 %");
});

test("one is singular", () => {
  expect(plural(1, "key")).toBe("1 key");
  expect(plural(1_200, "query", "queries")).toBe("1,200 queries");
});
