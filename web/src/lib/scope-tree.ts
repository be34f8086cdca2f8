// Sorts budgets and limits into the tree they hang on: organization, its projects, their keys.
import { groupBy } from "./group-by";
import type { Scope, ScopeNames } from "./scope";

export interface ScopeGroup<Row> {
  id: string;
  kind: "organization" | "project" | "key";
  name: string;
  depth: 0 | 1 | 2;
  /** In the order they were given. */
  rows: Row[];
}

/**
 * The groups in the order of a walk through the tree; siblings come in the order of their first row. A project without
 * rows of its own is there when one of its keys has some.
 */
export function groupByScope<Row extends { scope: Scope }>(
  rows: readonly Row[],
  names: ScopeNames,
): ScopeGroup<Row>[] {
  const organization = rows.filter(({ scope }) => !scope.project);
  const projects = groupBy(
    rows.filter(({ scope }) => scope.project),
    ({ scope }) => scope.project ?? "",
  );
  return [
    ...(organization.length > 0
      ? [group("organization", "organization", names.organization, 0, organization)]
      : []),
    ...[...projects].flatMap(([id, inside]) => [
      group(
        "project",
        id,
        names.projects.get(id) ?? id,
        1,
        inside.filter(({ scope }) => !scope.key),
      ),
      ...keyGroups(inside, names),
    ]),
  ];
}

function keyGroups<Row extends { scope: Scope }>(rows: readonly Row[], names: ScopeNames): ScopeGroup<Row>[] {
  const keys = groupBy(
    rows.filter(({ scope }) => scope.key),
    ({ scope }) => scope.key ?? "",
  );
  return [...keys].map(([id, inside]) => group("key", id, names.keys.get(id) ?? id, 2, inside));
}

function group<Row>(
  kind: ScopeGroup<Row>["kind"],
  id: string,
  name: string,
  depth: ScopeGroup<Row>["depth"],
  rows: Row[],
): ScopeGroup<Row> {
  return { id, kind, name, depth, rows };
}
