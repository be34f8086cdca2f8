import type {
  ConstraintProof,
  Constraints,
  KnownFact,
  ProveConstraints,
  ProvedConstraint,
  UpdateProject,
  WriteConstraints,
} from "@/api/types";
import { catalogWith } from "../catalog.ts";
import { NO_CONSTRAINTS } from "../fixtures.ts";
import type { World } from "../world.ts";
import { type Answer, type Call, type Mock, problem } from "./call.ts";
import { based, read } from "./revision.ts";

/** Organizations and projects as REST shows them, with what each demands. */
function holders({ world }: Call) {
  return (world.me?.memberships ?? [])
    .flatMap(({ organization, projects }) => [organization, ...projects])
    .map((named) => ({
      ...named,
      constraints: world.constraints.get(named.id) ?? NO_CONSTRAINTS,
      budget_refusals: world.budgetRefusals.get(named.id) ?? "payment_required",
      created_at: "2026-08-03T09:00:00Z",
    }));
}

function filled(written: WriteConstraints): Constraints {
  const money = Object.entries(written.max_price ?? {}).map(([name, price]) => [
    name,
    price && { amount: Number(price.amount).toFixed(9), currency: "USD" },
  ]);
  return {
    ...NO_CONSTRAINTS,
    ...written,
    max_price: { ...NO_CONSTRAINTS.max_price, ...Object.fromEntries(money) },
  } as Constraints;
}

/** The settings of a project besides its constraints. */
function settle(call: Call, id: string): Answer {
  const { name, budget_refusals } = call.body as UpdateProject;
  const projects = call.world.me?.memberships.flatMap((membership) => membership.projects) ?? [];
  const project = projects.find((candidate) => candidate.id === id);
  if (name && project) project.name = name;
  if (budget_refusals) call.world.budgetRefusals.set(id, budget_refusals);
  return { status: 200, body: holders(call).find((holder) => holder.id === id) };
}

function change(call: Call, id: string | undefined) {
  return based(call, holders(call), id, (holder) => {
    const { constraints } = call.body as { constraints?: WriteConstraints };
    if (!constraints) return settle(call, holder.id);
    const unknown = constraints.processing?.findIndex((place) => !/^[A-Z]{2}$/.test(place)) ?? -1;
    if (unknown >= 0) {
      const detail = `No country has the code ${constraints.processing?.[unknown]}.`;
      return problem(422, "validation_failed", detail, `constraints/processing/${unknown}`);
    }
    call.world.constraints.set(holder.id, filled(constraints));
    return { status: 200, body: { ...holder, constraints: call.world.constraints.get(holder.id) } };
  });
}

/** What a claim has against an endpoint, for the few constraints that the mock knows. */
const CHECKS: readonly [
  keyof WriteConstraints,
  string,
  (claim: WriteConstraints, facts: KnownFact[]) => boolean,
][] = [
  [
    "processing",
    "region_blocked",
    ({ processing }, facts) => !processing || processing.includes(String(factOf(facts, "processing"))),
  ],
  [
    "no_training",
    "training_excluded",
    ({ no_training }, facts) => !no_training || factOf(facts, "trains") === false,
  ],
  [
    "max_retention_days",
    "retention_required",
    ({ max_retention_days: most }, facts) =>
      most == null || Number(factOf(facts, "retention_days") ?? 99) <= most,
  ],
];

function factOf(facts: readonly KnownFact[], name: string): unknown {
  return facts.find((fact) => fact.name === name)?.value;
}

function prove(
  world: World,
  project: string | undefined,
  { claim }: ProveConstraints,
  now: number,
): ConstraintProof {
  const ways = catalogWith(world.statements).flatMap(({ id, endpoints }) =>
    endpoints.flatMap(({ provider, facts }) =>
      world.connections
        .filter((connection) => connection.provider === provider && connection.status === "active")
        .map((connection) => ({ model: id, provider, connection: connection.id, facts })),
    ),
  );
  const organization = world.me?.memberships[0]?.organization.id ?? "";
  const levels = [organization, project ?? ""].map((id) => world.constraints.get(id) ?? NO_CONSTRAINTS);
  const reachable = ways.filter(({ facts }) =>
    CHECKS.every(([, , holds]) => levels.every((level) => holds(level as WriteConstraints, facts))),
  );
  const constraints = CHECKS.filter(([name]) => claim[name] != null && claim[name] !== false).map(
    ([constraint, code, holds]): ProvedConstraint => {
      const breaker = reachable.find(({ facts }) => !holds(claim, facts));
      if (!breaker) return { constraint, holds: true, counterexample: null };
      const { model, provider, connection } = breaker;
      const at = new Date(now).toISOString();
      return { constraint, holds: false, counterexample: { model, provider, connection, at, code } };
    },
  );
  return {
    holds: constraints.every(({ holds }) => holds),
    candidates: ways.length,
    reachable: reachable.length,
    constraints,
  };
}

export const constraintMocks: Mock[] = [
  {
    method: "GET",
    path: "/organizations/{org}",
    handler: (call) => read(call, holders(call), call.path["org"]),
  },
  { method: "PATCH", path: "/organizations/{org}", handler: (call) => change(call, call.path["org"]) },
  {
    method: "GET",
    path: "/projects/{project}",
    handler: (call) => read(call, holders(call), call.path["project"]),
  },
  { method: "PATCH", path: "/projects/{project}", handler: (call) => change(call, call.path["project"]) },
  {
    method: "POST",
    path: "/projects/{project}/constraints/proof",
    handler: ({ world, path, body, now }) => ({
      status: 200,
      body: prove(world, path["project"], body as ProveConstraints, now),
    }),
  },
];
