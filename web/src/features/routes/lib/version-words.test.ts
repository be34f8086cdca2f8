import { expect, test } from "vitest";
import type { RouteVersion } from "@/api/types";
import { busyVersions } from "@/testing/routes";
import { changeWords, versionBefore, versionState } from "./version-words";

const [BUSY_HOURS, LONG_PROMPTS, FIRST] = busyVersions(Date.parse("2026-11-28T10:00:00Z"));

function version(number: number, state: RouteVersion["state"], of = FIRST): RouteVersion {
  if (!of) throw new Error("there is no version");
  const { route: _, ...said } = of;
  return { ...said, version: number, state };
}

test("what a version changed is told against what it took the place of, not against what was given up", () => {
  const first = version(1, "superseded");
  const givenUp = version(2, "given_up", LONG_PROMPTS);
  const third = version(3, "published", BUSY_HOURS);
  const rows = [third, givenUp, first];
  expect(versionBefore(rows, third)).toBe(first);
  expect(changeWords(rows, third)).toBe("aliases, rules long-prompts, busy-hours, everything-else");
  expect(changeWords(rows, givenUp)).toBe("aliases, rules long-prompts, everything-else");
  expect(changeWords([third], third)).toBe("");
  expect(changeWords(rows, { ...third, restores: 1 })).toBe("version 1 again");
});

test("each state is a word of its own", () => {
  const states = ["rolling_out", "published", "superseded", "given_up"] as const;
  const words = states.map((state) => versionState({ state }).word);
  expect(words).toEqual(["Rolling out", "Published", "Superseded", "Given up"]);
});
