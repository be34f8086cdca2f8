// Made-up routes: one with rules and a history, one plain.
import type { Route, RouteRule, RouteVersion } from "@/api/types";
import { NO_CONSTRAINTS } from "./fixtures.ts";
import { busyRollouts, type StoredRollout } from "./rollouts.ts";

const DAY = 86_400_000;
const ADA = "usr_01k00000000000000000000001";

/** What became of a version, and which number is next, is derived from all that is kept. */
export type StoredVersion = Omit<RouteVersion, "state"> & { route: string };
export type StoredRoute = Omit<Route, "next_version">;

function rule(over: Partial<RouteRule> = {}): RouteRule {
  return {
    name: "default",
    when: null,
    constraints: NO_CONSTRAINTS,
    strategy: "ordered",
    experiment: null,
    targets: [{ model: "openai/gpt-4o-mini", weight: 1, connection: null, arm: null }],
    retry: { max_attempts: 3, attempt_timeout_ms: 30_000 },
    ...over,
  };
}

const LONG = rule({
  name: "long-prompts",
  when: "request.input_tokens > 100000",
  constraints: { ...NO_CONSTRAINTS, processing: ["EU"], no_training: true },
  experiment: {
    name: "long-context",
    unit: "session",
    arms: [
      { name: "control", weight: 9 },
      { name: "trial", weight: 1 },
    ],
  },
  targets: [
    { model: "google/gemini-2.5-pro", weight: 1, connection: null, arm: "control" },
    { model: "openai/gpt-4o", weight: 1, connection: null, arm: "trial" },
  ],
});

const BUSY = rule({
  name: "busy-hours",
  when: 'signal("load", 0.0) > 0.8 && time.hour("Europe/Berlin") in [9, 10, 11]',
  strategy: { cheapest_within: { milliseconds: 1_500 } },
  targets: [
    { model: "openai/gpt-4o-mini", weight: 1, connection: null, arm: null },
    { model: "meta-llama/llama-3.3-70b-instruct", weight: 1, connection: "con_vllm", arm: null },
  ],
});

const REST = rule({
  name: "everything-else",
  strategy: "weighted",
  targets: [
    { model: "openai/gpt-4o", weight: 9, connection: null, arm: null },
    { model: "anthropic/claude-sonnet-4-5", weight: 1, connection: null, arm: null },
  ],
});

export interface Published {
  slug: string;
  aliases: string[];
  rules: RouteRule[];
  version: number;
  by: string | null;
  at: string;
  message?: string;
  restores?: number;
}

export function versionOf(
  route: string,
  { slug, aliases, rules, version, by, at, message = "", restores }: Published,
): StoredVersion {
  const { strategy, targets, retry } = rules.at(-1) ?? rule();
  const document = { slug, aliases, rules, strategy, targets, retry };
  const why = { message: message || null, restores: restores ?? null };
  return { route, version, ...document, ...why, created_by: by, created_at: at };
}

/** The route at a version, beside which another one may be rolled out. */
export function routeAt(version: StoredVersion, created_at: string, beside?: StoredRollout): StoredRoute {
  const rollout = beside ? { version: beside.version, state: beside.state, percent: beside.percent } : null;
  const { route: id, created_at: published_at, ...published } = version;
  const { created_by: _by, message: _message, restores: _restores, ...document } = published;
  return { id, ...document, created_at, published_at, rollout };
}

/** The published version, and the one that is rolled out beside it. */
function rolledOut(slug: string, published: string, begun: string): StoredVersion[] {
  const of = { slug, aliases: [], by: ADA };
  const small = rule({ targets: [{ model: "openai/gpt-4.1-nano", weight: 1, connection: null, arm: null }] });
  return [
    versionOf(`rt_${slug}`, {
      ...of,
      version: 2,
      rules: [small],
      at: begun,
      message: "Try the small model.",
    }),
    versionOf(`rt_${slug}`, { ...of, version: 1, rules: [rule()], at: published }),
  ];
}

/** Newest first. */
export function busyVersions(now: number): StoredVersion[] {
  const at = (days: number) => new Date(now - days * DAY).toISOString();
  const support = { slug: "support", aliases: ["gpt-support"], by: ADA };
  return [
    versionOf("rt_support", {
      ...support,
      version: 3,
      rules: [LONG, BUSY, REST],
      at: at(12),
      message: "Spare the busy hours.",
    }),
    versionOf("rt_support", { ...support, version: 2, rules: [LONG, REST], at: at(20), by: null }),
    versionOf("rt_support", { ...support, version: 1, aliases: [], rules: [rule()], at: at(46) }),
    versionOf("rt_cheap", {
      slug: "cheap",
      aliases: [],
      version: 1,
      by: ADA,
      rules: [rule({ strategy: "cheapest" })],
      at: at(4),
    }),
    ...rolledOut("triage", at(2), at(0)),
    ...rolledOut("extract", at(9), at(0)),
  ];
}

export function busyRoutes(now: number): StoredRoute[] {
  const versions = busyVersions(now);
  const rollouts = new Map(busyRollouts(now).map((rollout) => [rollout.route, rollout]));
  return ["rt_support", "rt_cheap", "rt_triage", "rt_extract"].flatMap((id) => {
    const own = versions.filter(({ route }) => route === id);
    const rollout = rollouts.get(id);
    const published = own.find(({ version }) => version === (rollout?.base_version ?? own[0]?.version));
    const oldest = own.at(-1);
    return published && oldest ? [routeAt(published, oldest.created_at, rollout)] : [];
  });
}
