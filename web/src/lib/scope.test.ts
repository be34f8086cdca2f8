import { expect, test } from "vitest";
import { partWords, type Scope, type ScopeNames, scopeWords, sharers } from "./scope";
import { emptyScope, scopeBody, withProject } from "./scope-draft";
import { groupByScope } from "./scope-tree";

const names: ScopeNames = {
  organization: "Northwind",
  projects: new Map([["prj_1", "default"]]),
  keys: new Map([["key_1", "ci"]]),
  routes: new Map([["rt_1", "support"]]),
};

test("every part of a scope is said, by name where there is one", () => {
  const scope: Scope = {
    project: "prj_1",
    key: "key_1",
    end_user: { kind: "each" },
    session: { kind: "one", value: "run-17" },
    tag: "batch",
    route: "rt_1",
    model: "openai/*",
    provider: "openai",
  };
  expect(partWords(scope, names)).toEqual([
    "each end user",
    "session run-17",
    "tag batch",
    "route/support",
    "model openai/*",
    "provider openai",
  ]);
  expect(scopeWords({ project: "prj_1", key: "key_gone" }, names)).toBe("project default, key key_gone");
  expect(scopeWords({ project: null }, names)).toBe("all of Northwind");
});

test("who has a limit alone", () => {
  expect(sharers({ end_user: { kind: "each" } })).toBe("end user");
  expect(sharers({ end_user: { kind: "one", value: "a" }, session: { kind: "each" } })).toBe("session");
  expect(sharers({ end_user: { kind: "one", value: "a" } })).toBeNull();
});

test("rows hang on organization, project and key, in the order of a walk", () => {
  const row = (id: string, scope: Scope) => ({ id, scope });
  const groups = groupByScope(
    [
      row("far", { project: "prj_2", key: "key_2" }),
      row("key", { project: "prj_1", key: "key_1", tag: "x" }),
      row("all", { project: null, model: "openai/*" }),
      row("team", { project: "prj_1" }),
    ],
    names,
  );
  expect(groups.map(({ kind, name, depth, rows }) => [kind, name, depth, rows.map(({ id }) => id)])).toEqual([
    ["organization", "Northwind", 0, ["all"]],
    ["project", "prj_2", 1, []],
    ["key", "key_2", 2, ["far"]],
    ["project", "default", 1, ["team"]],
    ["key", "ci", 2, ["key"]],
  ]);
});

test("a form sends only what was said", () => {
  const empty = emptyScope("");
  expect(scopeBody(empty)).toEqual({});
  expect(
    scopeBody({
      ...emptyScope("prj_1"),
      key: "key_1",
      tag: " batch ",
      endUser: { kind: "each", value: "left over" },
      session: { kind: "one", value: " run " },
    }),
  ).toEqual({
    project: "prj_1",
    key: "key_1",
    tag: "batch",
    end_user: { kind: "each" },
    session: { kind: "one", value: "run" },
  });
});

test("another project begins without the keys and routes of the one before", () => {
  const draft = { ...emptyScope("prj_1"), key: "key_1", route: "rt_1", model: "openai/*" };
  expect(withProject(draft, "prj_2")).toEqual({ ...emptyScope("prj_2"), model: "openai/*" });
});
