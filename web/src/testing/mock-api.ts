// The mock API as one function from a request to a response. Used by component tests and by `npm run dev:mock`.
import { authMocks } from "./handlers/auth.ts";
import { billingMocks } from "./handlers/billing.ts";
import { budgetMocks } from "./handlers/budgets.ts";
import { type Answer, type Call, type Mock, problem } from "./handlers/call.ts";
import { connectionMocks } from "./handlers/connections.ts";
import { constraintMocks } from "./handlers/constraints.ts";
import { factMocks } from "./handlers/facts.ts";
import { keyMocks } from "./handlers/keys.ts";
import { limitMocks } from "./handlers/limits.ts";
import { requestMocks } from "./handlers/requests.ts";
import { routeDraftMocks } from "./handlers/route-drafts.ts";
import { routeRolloutMocks } from "./handlers/route-rollouts.ts";
import { routeMocks } from "./handlers/routes.ts";
import { signalMocks } from "./handlers/signals.ts";
import { usageMocks } from "./handlers/usage.ts";
import { webhookMocks } from "./handlers/webhooks.ts";
import type { World } from "./world.ts";

const BASE = "/api/v1";
const SLOW_MS = 20_000;

const mocks = [
  ...authMocks,
  ...keyMocks,
  ...connectionMocks,
  ...routeMocks,
  ...routeDraftMocks,
  ...routeRolloutMocks,
  ...constraintMocks,
  ...factMocks,
  ...signalMocks,
  ...requestMocks,
  ...usageMocks,
  ...budgetMocks,
  ...webhookMocks,
  ...limitMocks,
  ...billingMocks,
].map((mock) => ({
  ...mock,
  pattern: new RegExp(`^${BASE}${mock.path.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
}));

export async function answer(world: World, request: Request, now: number): Promise<Response> {
  const url = new URL(request.url);
  const found = find(request.method, url.pathname);
  if (!found)
    return respond(problem(404, "not_found", `The mock does not know ${request.method} ${url.pathname}.`));
  const { mock, path } = found;
  const open = mock.path.startsWith("/auth/") || mock.path === "/version";
  if (!open && request.headers.get("authorization") !== "Bearer mock-access-token") {
    return respond(problem(401, "unauthenticated", "Sign in to continue."));
  }
  const list = mock.method === "GET" && /^\/(projects|organizations)\//.test(mock.path);
  if (list && world.scenario === "failing") {
    return respond(problem(503, "dependency_unavailable", "The database did not answer in time. Try again."));
  }
  if (list && world.scenario === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  const text = await request.text();
  const call: Call = {
    world,
    now,
    path,
    query: url.searchParams,
    ifMatch: request.headers.get("if-match"),
    body: text && !isYaml(request) ? JSON.parse(text) : null,
    text,
  };
  return respond(mock.handler(call));
}

function isYaml(request: Request): boolean {
  return request.headers.get("content-type")?.startsWith("application/yaml") ?? false;
}

function find(method: string, pathname: string): { mock: Mock; path: Record<string, string> } | null {
  for (const mock of mocks) {
    const match = mock.method === method ? mock.pattern.exec(pathname) : null;
    if (match) return { mock, path: { ...match.groups } };
  }
  return null;
}

function respond({ status, body, etag, csv }: Answer): Response {
  if (csv !== undefined) return new Response(csv, { status, headers: { "content-type": "text/csv" } });
  if (body === undefined) return new Response(null, { status });
  const type = status >= 400 ? "application/problem+json" : "application/json";
  const headers = { "content-type": type, ...(etag ? { etag } : {}) };
  return new Response(JSON.stringify(body), { status, headers });
}
