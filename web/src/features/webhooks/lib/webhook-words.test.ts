import { expect, test } from "vitest";
import { delivery } from "@/testing/webhooks";
import { answerWords, eventWords, stateOf } from "./webhook-words";

test("a webhook that was switched off says why, one that somebody disabled does not", () => {
  expect(stateOf({ status: "active", disabled_reason: null })).toMatchObject({
    word: "Active",
    reason: null,
  });
  expect(stateOf({ status: "disabled", disabled_reason: null })).toMatchObject({
    tone: "idle",
    reason: null,
  });
  expect(stateOf({ status: "disabled", disabled_reason: "gone" }).reason).toMatch(/410/);
  expect(stateOf({ status: "disabled", disabled_reason: "gave_up" }).reason).toMatch(/every one/);
});

test("a delivery says the status, or why there was none", () => {
  const made = delivery({ id: "whd", webhook: "whk", created_at: "2026-11-27T10:00:00Z" });
  expect(answerWords(made)).toBe("answered 204");
  expect(answerWords({ ...made, attempts: 0, last_status: null })).toBe("not tried yet");
  expect(answerWords({ ...made, attempts: 2, last_status: null, last_error: "refused" })).toBe(
    "refused, 2 attempts",
  );
  expect(answerWords({ ...made, last_status: null })).toBe("no answer");
});

test("an event of a newer server is shown as it is", () => {
  expect(eventWords("webhook.test")).toBe("Test");
  expect(eventWords("route.published")).toBe("route.published");
});
