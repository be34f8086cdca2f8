import { expect, test } from "vitest";
import { parseSearch, stringifySearch } from "./search-params";

test("query strings read as plain text and survive the way there and back", () => {
  const search = { status: "error", model: "openai/gpt-4o", from: "2026-11-22T20:00:00.000Z", key: "a b&c" };
  const text = stringifySearch(search);
  expect(text).toBe("?status=error&model=openai/gpt-4o&from=2026-11-22T20:00:00.000Z&key=a+b%26c");
  expect(parseSearch(text)).toEqual(search);
});

test("what is not set is not written", () => {
  expect(stringifySearch({ status: undefined, model: "" })).toBe("");
});

test("a number stays the text it was", () => {
  expect(parseSearch("?model=007")).toEqual({ model: "007" });
});
