import type { RouteRollout, WriteRouteRollout } from "@/api/types";
import { begunRollout, NO_FIGURES, type StoredRollout } from "../rollouts.ts";
import type { World } from "../world.ts";
import { type Answer, type Call, type Mock, problem } from "./call.ts";
import { etagOf } from "./revision.ts";

const ROLLOUT = "/projects/{project}/routes/{route}/rollout";

function revisionOf(route: string): string {
  return `${route} rollout`;
}

function shown(world: World, { route, ...body }: StoredRollout): Answer {
  return { status: 200, body, etag: etagOf(world, revisionOf(route)) };
}

/** Keeps how a rollout stands, and lets its route tell. */
function keep(world: World, rollout: StoredRollout): void {
  const { route: id, version, state, percent } = rollout;
  const others = world.rollouts.filter((other) => other.route !== id || other.version !== version);
  world.rollouts = [rollout, ...others];
  world.revisions.set(revisionOf(id), (world.revisions.get(revisionOf(id)) ?? 1) + 1);
  const isUnderWay = state === "progressing" || state === "halted";
  const summary = isUnderWay ? { version, state, percent } : null;
  world.routes = world.routes.map((route) => (route.id === id ? { ...route, rollout: summary } : route));
}

/** Begins the rollout of a version beside the published one. */
export function beginRollout(
  { world, now }: Call,
  route: string,
  [base, version]: [base: number, version: number],
  { stages, hold_minutes }: WriteRouteRollout,
): void {
  const begun = begunRollout(route, base, version, now);
  const plan = { stages: stages ?? begun.stages, hold_minutes: hold_minutes ?? null };
  const percent = plan.stages[0] ?? 0;
  const holds_until = plan.hold_minutes === null ? null : begun.holds_until;
  keep(world, { ...begun, ...plan, percent, holds_until });
}

/** Does what has a verb; null where it cannot be done as the rollout stands. */
type Change = (rollout: StoredRollout, now: string) => Partial<RouteRollout> | null;

const begins = (stage: number, { stages }: StoredRollout, now: string): Partial<RouteRollout> => ({
  state: "progressing",
  stage,
  percent: stages[stage - 1] ?? 0,
  stage_since: now,
  stopped_at: null,
  reason: null,
  waiting_for: "requests",
  figures: NO_FIGURES,
});

const CHANGES: Record<string, Change> = {
  advance: (rollout, now) =>
    rollout.state === "progressing" ? begins(rollout.stage + 1, rollout, now) : null,
  halt: ({ state }, now) =>
    state === "progressing"
      ? {
          state: "halted",
          percent: 0,
          stopped_at: now,
          waiting_for: null,
          reason: { code: "by_hand", detail: "Somebody halted it." },
        }
      : null,
  resume: (rollout, now) => (rollout.state === "halted" ? begins(rollout.stage, rollout, now) : null),
  complete: (_, now) => ({ state: "completed", percent: 100, stopped_at: now, waiting_for: null }),
  abort: (_, now) => ({ state: "aborted", percent: 0, stopped_at: now, waiting_for: null }),
};

function promote(world: World, { route: id, version }: StoredRollout): void {
  const newer = world.routeVersions.find((other) => other.route === id && other.version === version);
  if (!newer) return;
  const { slug, aliases, rules, strategy, targets, retry, created_at: published_at } = newer;
  const document = { slug, aliases, rules, strategy, targets, retry };
  world.routes = world.routes.map((route) =>
    route.id === id ? { ...route, ...document, version, published_at } : route,
  );
}

function step({ world, path, now, ifMatch }: Call, change: Change): Answer {
  const rollout = world.rollouts.find(({ route }) => route === path["route"]);
  if (!rollout) return problem(404, "not_found", "There is no rollout.");
  if (ifMatch !== etagOf(world, revisionOf(rollout.route))) {
    return problem(412, "version_conflict", "Somebody changed it meanwhile.");
  }
  const changed = change(rollout, new Date(now).toISOString());
  if (!changed) return problem(409, "conflict", "The rollout is not in a state for it.");
  const after = { ...rollout, ...changed };
  keep(world, after);
  if (after.state === "completed") promote(world, after);
  return shown(world, after);
}

export const routeRolloutMocks: Mock[] = [
  {
    method: "GET",
    path: ROLLOUT,
    handler: ({ world, path }) => {
      const rollout = world.rollouts.find(({ route }) => route === path["route"]);
      return rollout ? shown(world, rollout) : problem(404, "not_found", "There is no rollout.");
    },
  },
  ...Object.entries(CHANGES).map(
    ([verb, change]): Mock => ({
      method: "POST",
      path: `${ROLLOUT}/${verb}`,
      handler: (call) => step(call, change),
    }),
  ),
];
