import { parse } from "yaml";
import type {
  CreateRoute,
  RouteDraft,
  RouteDraftSummary,
  RouteFinding,
  SimulateRoute,
  WriteRouteRollout,
} from "@/api/types";
import type { StoredDraft } from "../drafts.ts";
import { readDocument } from "../route-document.ts";
import { simulationOf } from "../simulation.ts";
import { freshId, type World } from "../world.ts";
import { type Answer, type Call, type Mock, page, problem } from "./call.ts";
import { etagOf } from "./revision.ts";
import { checkOf, nextVersion, objection, publish, refused } from "./routes.ts";

const DRAFT = "/projects/{project}/routes/{route}/draft";

function publishedVersion(world: World, route: string): number | null {
  return world.routes.find(({ id }) => id === route)?.version ?? null;
}

function summaryOf(world: World, { id, slug, base, by, at }: StoredDraft): RouteDraftSummary {
  const published = publishedVersion(world, id);
  return {
    route: id,
    slug,
    base_version: base,
    published_version: published,
    next_version: nextVersion(world, id),
    is_stale: base !== published,
    updated_by: by,
    updated_at: at,
  };
}

/** The draft as REST shows it: what is kept has no lines any more. */
function shown(world: World, draft: StoredDraft, written?: string): Answer {
  const check = checkOf(readDocument(written ?? JSON.stringify(draft.document)));
  const placed = ({ line: _line, column: _column, ...finding }: RouteFinding) => finding;
  const body: RouteDraft = {
    ...summaryOf(world, draft),
    document: draft.document,
    check: written ? check : { ...check, findings: check.findings.map(placed) },
  };
  return { status: 200, body, etag: etagOf(world, revisionOf(draft)) };
}

function revisionOf({ id }: StoredDraft): string {
  return `${id} draft`;
}

function found({ world, path }: Call): StoredDraft | undefined {
  return world.drafts.find(({ id }) => id === path["route"]);
}

function keep({ world, now, text }: Call, route: string, base: number | null): Answer {
  const { unreadable } = readDocument(text);
  if (unreadable) return objection(readDocument(text)) ?? refused([unreadable]);
  const document = parse(text) as CreateRoute;
  const slug = world.routes.find(({ id }) => id === route)?.slug ?? document.slug;
  const by = world.me?.user.id ?? null;
  const draft: StoredDraft = { id: route, slug, base, document, by, at: new Date(now).toISOString() };
  const revision = revisionOf(draft);
  world.drafts = [draft, ...world.drafts.filter(({ id }) => id !== route)];
  world.revisions.set(revision, (world.revisions.get(revision) ?? 1) + 1);
  return shown(world, draft, text);
}

/** Runs what must name the draft that it is about. */
function based(call: Call, change: (draft: StoredDraft) => Answer): Answer {
  const draft = found(call);
  if (!draft) return problem(404, "not_found", "There is no draft.");
  if (call.ifMatch !== etagOf(call.world, revisionOf(draft))) {
    return problem(412, "version_conflict", "Somebody changed it meanwhile.");
  }
  return change(draft);
}

function discard(world: World, draft: StoredDraft): void {
  world.drafts = world.drafts.filter((other) => other !== draft);
}

interface Publication {
  message: string;
  rollout?: WriteRouteRollout | null;
}

export const routeDraftMocks: Mock[] = [
  {
    method: "GET",
    path: "/projects/{project}/route-drafts",
    handler: (call) =>
      page(
        call,
        call.world.drafts.map((draft) => summaryOf(call.world, draft)),
      ),
  },
  {
    method: "POST",
    path: "/projects/{project}/route-drafts",
    handler: (call) => ({ ...keep(call, freshId(call.world, "rt"), null), status: 201 }),
  },
  {
    method: "GET",
    path: DRAFT,
    handler: (call) => {
      const draft = found(call);
      return draft ? shown(call.world, draft) : problem(404, "not_found", "There is no draft.");
    },
  },
  {
    method: "PUT",
    path: DRAFT,
    handler: (call) => {
      const route = call.path["route"] ?? "";
      const version = call.query.get("base_version");
      const published = publishedVersion(call.world, route);
      if (!found(call)) return keep(call, route, version ? Number(version) : published);
      return based(call, ({ base }) => keep(call, route, version ? Number(version) : base));
    },
  },
  {
    method: "DELETE",
    path: DRAFT,
    handler: (call) =>
      based(call, (draft) => {
        discard(call.world, draft);
        return { status: 204 };
      }),
  },
  {
    method: "POST",
    path: `${DRAFT}/publish`,
    handler: (call) =>
      based(call, (draft) => {
        if (summaryOf(call.world, draft).is_stale) {
          return problem(409, "draft_stale", "Another version was published since the draft was begun.");
        }
        const read = readDocument(JSON.stringify(draft.document));
        const against = objection(read);
        if (against) return against;
        const { message, rollout } = call.body as Publication;
        discard(call.world, draft);
        return { ...publish(call, draft.id, read, { message, rollout: rollout ?? null }), status: 200 };
      }),
  },
  {
    method: "POST",
    path: "/projects/{project}/routes/{route}/simulations",
    handler: (call) => {
      const draft = found(call);
      const version = publishedVersion(call.world, call.path["route"] ?? "");
      if (!draft || version === null) return problem(404, "not_found", "There is nothing to simulate.");
      const read = readDocument(JSON.stringify(draft.document));
      const names = read.rules.map(({ name }) => name);
      const body = simulationOf(call.body as SimulateRoute, version, names, call.now);
      return objection(read) ?? { status: 200, body };
    },
  },
];
