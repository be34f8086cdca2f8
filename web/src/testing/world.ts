// The state behind the mock API: one small installation with people, keys, connections and traffic.
import type {
  Budget,
  BudgetAdjustment,
  BudgetAlert,
  BudgetRefusals,
  Connection,
  Constraints,
  FactStatement,
  Key,
  Limit,
  Me,
  Money,
  RequestRecord,
  Signal,
  Webhook,
} from "@/api/types";
import { type Books, busyBooks, emptyBooks } from "./books.ts";
import { busyAdjustments, busyAlerts, busyBudgets } from "./budgets.ts";
import { busyStatements } from "./catalog.ts";
import { busyConstraints } from "./constraints.ts";
import { busyDrafts, type StoredDraft } from "./drafts.ts";
import { busyConnections, busyKeys, memberOf } from "./fixtures.ts";
import { busyLimits } from "./limits.ts";
import { busyRollouts, type StoredRollout } from "./rollouts.ts";
import { busyRoutes, busyVersions, type StoredRoute, type StoredVersion } from "./routes.ts";
import { busySignals } from "./signals.ts";
import { busyRequests } from "./traffic.ts";
import { busyDeliveries, busyWebhooks, type StoredDelivery } from "./webhooks.ts";

export const SCENARIOS = ["fresh", "empty", "busy", "viewer", "failing", "slow", "unbilled"] as const;
/**
 * fresh: nobody is signed in and there is no account. empty: signed in, nothing made yet. busy: a week of traffic.
 * viewer: the same, seen by somebody who may only read. failing: lists answer 503. slow: lists answer late.
 * unbilled: busy in a deployment that bills nobody.
 */
export type Scenario = (typeof SCENARIOS)[number];

export interface World {
  scenario: Scenario;
  signedIn: boolean;
  me: Me | null;
  keys: Key[];
  connections: Connection[];
  requests: RequestRecord[];
  routes: StoredRoute[];
  /** Of every route, newest first. */
  routeVersions: StoredVersion[];
  /** The newest of each route that had one. */
  rollouts: StoredRollout[];
  drafts: StoredDraft[];
  budgets: Budget[];
  alerts: BudgetAlert[];
  adjustments: BudgetAdjustment[];
  webhooks: Webhook[];
  deliveries: StoredDelivery[];
  limits: Limit[];
  /** What organizations and projects demand, by id. */
  constraints: Map<string, Constraints>;
  /** How projects tell that money is used up, where they chose it. */
  budgetRefusals: Map<string, BudgetRefusals>;
  statements: FactStatement[];
  signals: Signal[];
  /** Null where nobody is billed. */
  books: Books | null;
  /** How often something was changed, by its id. */
  revisions: Map<string, number>;
  nextId: number;
}

export function createWorld(scenario: Scenario, now: number): World {
  const quiet = scenario === "fresh" || scenario === "empty";
  return {
    scenario,
    signedIn: scenario !== "fresh",
    me:
      scenario === "fresh"
        ? null
        : memberOf("Ada Byron", "ada@example.com", scenario === "viewer" ? "viewer" : "owner"),
    keys: quiet ? [] : busyKeys(now),
    connections: quiet ? [] : busyConnections(now),
    requests: quiet ? [] : busyRequests(now),
    routes: quiet ? [] : busyRoutes(now),
    routeVersions: quiet ? [] : busyVersions(now),
    rollouts: quiet ? [] : busyRollouts(now),
    drafts: quiet ? [] : busyDrafts(now),
    budgets: quiet ? [] : busyBudgets(now),
    alerts: quiet ? [] : busyAlerts(now),
    adjustments: quiet ? [] : busyAdjustments(now),
    webhooks: quiet ? [] : busyWebhooks(now),
    deliveries: quiet ? [] : busyDeliveries(now),
    limits: quiet ? [] : busyLimits(),
    constraints: quiet ? new Map() : busyConstraints(),
    budgetRefusals: new Map(),
    statements: quiet ? [] : busyStatements(now),
    signals: quiet ? [] : busySignals(now),
    books: scenario === "unbilled" ? null : quiet ? emptyBooks() : busyBooks(now),
    revisions: new Map(),
    nextId: 1,
  };
}

export function isScenario(value: string): value is Scenario {
  return (SCENARIOS as readonly string[]).includes(value);
}

export function freshId(world: World, prefix: string): string {
  const id = `${prefix}_01k${String(world.nextId).padStart(23, "0")}`;
  world.nextId += 1;
  return id;
}

export function usd(nanos: number): Money {
  return { amount: (nanos / 1e9).toFixed(9), currency: "USD" };
}
