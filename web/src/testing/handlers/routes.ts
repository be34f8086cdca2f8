import type { Problem, Route, RouteCheck, RouteFinding, RouteVersion, WriteRouteRollout } from "@/api/types";
import { type ReadDocument, readDocument } from "../route-document.ts";
import { routeAt, type StoredRoute, type StoredVersion, versionOf } from "../routes.ts";
import { freshId, type World } from "../world.ts";
import { type Answer, type Call, type Mock, page, problem } from "./call.ts";
import { etagOf } from "./revision.ts";
import { beginRollout } from "./route-rollouts.ts";

const ROUTES = "/projects/{project}/routes";

export function refused(findings: readonly RouteFinding[], code = "validation_failed"): Answer {
  const answer = problem(code === "invalid_request" ? 400 : 422, code, findings[0]?.detail ?? "");
  const body = answer.body as Problem;
  return { ...answer, body: { ...body, errors: findings.map(({ severity: _, ...field }) => field) } };
}

/** What stands against publishing a document. */
export function objection({ unreadable, findings }: ReadDocument): Answer | null {
  if (unreadable) {
    return refused(
      [unreadable],
      unreadable.code === "invalid_yaml" ? "invalid_request" : "validation_failed",
    );
  }
  const errors = findings.filter(({ severity }) => severity === "error");
  return errors.length > 0 ? refused(errors) : null;
}

export function checkOf({ rules, findings }: ReadDocument): RouteCheck {
  const valid = findings.every(({ severity }) => severity === "warning");
  const isReached = (model: string) => !findings.some(({ detail }) => detail.includes(`reaches ${model}.`));
  const reach = rules.map(({ name, targets }) => ({
    rule: name,
    endpoints: targets
      .filter(({ model }) => isReached(model))
      .map(({ model }) =>
        model === "sluicegate/echo"
          ? { model, provider: "sluicegate", connection: null }
          : { model, provider: model.split("/")[0] ?? "", connection: "openai" },
      ),
  }));
  return { valid, findings, rules: valid ? reach : [] };
}

/** Publishes a document as the next version of a route, or begins to roll it out beside the published one. */
export function publish(
  call: Call,
  id: string,
  read: ReadDocument,
  { rollout, ...why }: { message?: string; restores?: number; rollout?: WriteRouteRollout | null } = {},
): Answer {
  const { world, now } = call;
  const previous = world.routes.find((route) => route.id === id);
  const at = new Date(now).toISOString();
  const version = versionOf(id, {
    slug: read.slug ?? previous?.slug ?? "",
    aliases: read.aliases ?? previous?.aliases ?? [],
    rules: read.rules,
    version: nextVersion(world, id),
    by: world.me?.user.id ?? null,
    at,
    ...why,
  });
  world.routeVersions.unshift(version);
  if (rollout && previous) {
    beginRollout(call, id, [previous.version, version.version], rollout);
    return { status: 200, body: found(world, id), etag: etagOf(world, id) };
  }
  const route = routeAt(version, previous?.created_at ?? at);
  world.routes = [route, ...world.routes.filter((other) => other.id !== id)];
  world.revisions.set(id, version.version);
  const status = previous ? 200 : 201;
  const { findings: warnings } = read;
  return {
    status,
    body: { ...shown(world, route), ...(warnings.length > 0 ? { warnings } : {}) },
    etag: etagOf(world, id),
  };
}

/** Runs a change of a route when it is based on the version in force. */
function based(call: Call, change: (id: string) => Answer): Answer {
  const { world, path, ifMatch } = call;
  const route = found(world, path["route"]);
  if (!route) return problem(404, "not_found", "There is no such route.");
  if (ifMatch !== `"${route.version}"`) {
    return problem(412, "version_conflict", "Somebody changed it meanwhile.");
  }
  return change(route.id);
}

/** The number that the next version of a route gets, whatever became of those before. */
export function nextVersion(world: World, id: string): number {
  const published = world.routes.find((route) => route.id === id)?.version ?? 0;
  const own = world.routeVersions.filter(({ route }) => route === id).map(({ version }) => version);
  return Math.max(published, ...own) + 1;
}

function shown(world: World, route: StoredRoute): Route {
  return { ...route, next_version: nextVersion(world, route.id) };
}

function found(world: World, id: string | undefined): Route | undefined {
  const route = world.routes.find((candidate) => candidate.id === id);
  return route && shown(world, route);
}

function stateOf(world: World, { route: id, version }: StoredVersion): RouteVersion["state"] {
  const rollout = world.rollouts.find((other) => other.route === id && other.version === version);
  if (rollout?.state === "progressing" || rollout?.state === "halted") return "rolling_out";
  if (rollout?.state === "aborted") return "given_up";
  return found(world, id)?.version === version ? "published" : "superseded";
}

function shownVersion(world: World, stored: StoredVersion): RouteVersion {
  const { route: _, ...version } = stored;
  return { ...version, state: stateOf(world, stored) };
}

function versionAt({ world, path }: Call, number: number) {
  return world.routeVersions.find(({ route, version }) => route === path["route"] && version === number);
}

export const routeMocks: Mock[] = [
  {
    method: "POST",
    path: "/projects/{project}/route-checks",
    handler: ({ text }) => {
      const read = readDocument(text);
      return (read.unreadable && objection(read)) ?? { status: 200, body: checkOf(read) };
    },
  },
  {
    method: "GET",
    path: ROUTES,
    handler: (call) =>
      page(
        call,
        call.world.routes.map((route) => shown(call.world, route)),
      ),
  },
  {
    method: "POST",
    path: ROUTES,
    handler: (call) => {
      const read = readDocument(call.text);
      const against = objection(read);
      if (against) return against;
      if (call.world.routes.some(({ slug }) => slug === read.slug)) {
        return problem(409, "slug_taken", "Another route has this name.");
      }
      return publish(call, freshId(call.world, "rt"), read);
    },
  },
  {
    method: "GET",
    path: `${ROUTES}/{route}`,
    handler: ({ world, path }) => {
      const route = found(world, path["route"]);
      if (!route && world.drafts.some(({ id }) => id === path["route"])) {
        return problem(404, "not_published", "The route has only a draft.");
      }
      if (!route) return problem(404, "not_found", "There is no such route.");
      return { status: 200, body: route, etag: `"${route.version}"` };
    },
  },
  {
    method: "PATCH",
    path: `${ROUTES}/{route}`,
    handler: (call) =>
      based(call, (id) => {
        const read = readDocument(call.text);
        return objection(read) ?? publish(call, id, read);
      }),
  },
  {
    method: "DELETE",
    path: `${ROUTES}/{route}`,
    handler: (call) =>
      based(call, (id) => {
        call.world.routes = call.world.routes.filter((route) => route.id !== id);
        return { status: 204 };
      }),
  },
  {
    method: "GET",
    path: `${ROUTES}/{route}/versions`,
    handler: (call) => {
      const own = call.world.routeVersions.filter(({ route }) => route === call.path["route"]);
      return page(
        call,
        own.map((version) => shownVersion(call.world, version)),
      );
    },
  },
  {
    method: "GET",
    path: `${ROUTES}/{route}/versions/{version}`,
    handler: (call) => {
      const version = versionAt(call, Number(call.path["version"]));
      if (!version) return problem(404, "not_found", "There is no such version.");
      return { status: 200, body: shownVersion(call.world, version) };
    },
  },
  {
    method: "POST",
    path: `${ROUTES}/{route}/rollback`,
    handler: (call) =>
      based(call, (id) => {
        const { to_version: restores, message } = call.body as { to_version: number; message?: string };
        const version = versionAt(call, restores);
        if (!version) return problem(404, "not_found", "There is no such version.");
        const read = { ...version, findings: [], unreadable: null };
        return publish(call, id, read, { restores, ...(message ? { message } : {}) });
      }),
  },
];
