import { expect, test } from "vitest";
import { assignColors, OTHER_COLOR, SERIES_COLORS } from "./series-colors";

test("six names get six different colours, whatever their order", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const colors = assignColors(names);
  expect(new Set(colors.values()).size).toBe(SERIES_COLORS.length);
  expect(assignColors([...names].reverse())).toEqual(colors);
});

test("a name keeps its colour on a page where it is alone", () => {
  expect(assignColors(["openai/gpt-4o"])).toEqual(assignColors(["openai/gpt-4o"]));
});

test("what comes after the sixth shares the colour of the rest", () => {
  const colors = assignColors(["a", "b", "c", "d", "e", "f", "g"]);
  expect([...colors.values()].filter((color) => color === OTHER_COLOR)).toHaveLength(1);
});
