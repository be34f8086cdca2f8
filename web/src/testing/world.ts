// The state behind the mock API: one small installation with people, keys, connections and traffic.
import type {
  Budget,
  BudgetAlert,
  Connection,
  Constraints,
  FactStatement,
  Key,
  Limit,
  Me,
  Money,
  RequestRecord,
  Route,
  RouteVersion,
  Signal,
} from "@/api/types";
import { type Books, busyBooks, emptyBooks } from "./books.ts";
import { busyAlerts, busyBudgets } from "./budgets.ts";
import { busyStatements } from "./catalog.ts";
import { busyConstraints } from "./constraints.ts";
import { busyConnections, busyKeys, memberOf } from "./fixtures.ts";
import { busyLimits } from "./limits.ts";
import { busyRoutes, busyVersions } from "./routes.ts";
import { busySignals } from "./signals.ts";
import { busyRequests } from "./traffic.ts";

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
  routes: Route[];
  /** Of every route, newest first. */
  routeVersions: (RouteVersion & { route: string })[];
  budgets: Budget[];
  alerts: BudgetAlert[];
  limits: Limit[];
  /** What organizations and projects demand, by id. */
  constraints: Map<string, Constraints>;
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
    budgets: quiet ? [] : busyBudgets(now),
    alerts: quiet ? [] : busyAlerts(now),
    limits: quiet ? [] : busyLimits(),
    constraints: quiet ? new Map() : busyConstraints(),
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
