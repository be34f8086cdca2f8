import { beforeEach, expect, test, vi } from "vitest";
import { forgetText, recallText, rememberText } from "./draft-texts";

beforeEach(() => localStorage.clear());

test("a draft opens with its author's own text, comments and all, and with nobody else's", () => {
  rememberText("rt_1", { etag: '"3"', text: "# why\nslug: a\n" });
  expect(recallText("rt_1", '"3"')).toBe("# why\nslug: a\n");
  expect(recallText("rt_1", '"4"')).toBeNull();
  expect(recallText("rt_2", '"3"')).toBeNull();
  rememberText("rt_1", { etag: '"4"', text: "slug: b\n" });
  expect(recallText("rt_1", '"3"')).toBeNull();
  forgetText("rt_1");
  expect(recallText("rt_1", '"4"')).toBeNull();
});

test("only so many texts are kept, and a storage that is broken or forbidden is none", () => {
  for (let index = 0; index < 25; index += 1) rememberText(`rt_${index}`, { etag: '"1"', text: "t" });
  expect(recallText("rt_4", '"1"')).toBeNull();
  expect(recallText("rt_5", '"1"')).toBe("t");
  localStorage.setItem("sluicegate.draft-texts", '[["rt_5", 1], "x", ["rt_9", "\\"1\\"", "u"]]');
  expect(recallText("rt_5", '"1"')).toBeNull();
  expect(recallText("rt_9", '"1"')).toBe("u");
  localStorage.setItem("sluicegate.draft-texts", "{");
  expect(recallText("rt_9", '"1"')).toBeNull();
  const forbidden = vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("no", "QuotaExceededError");
  });
  expect(() => rememberText("rt_1", { etag: "e", text: "t" })).not.toThrow();
  forbidden.mockRestore();
});
