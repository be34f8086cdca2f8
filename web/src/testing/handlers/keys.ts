import type { BudgetInterval, DeriveKey, Key } from "@/api/types";
import { makeBudget, windowOf } from "../budgets.ts";
import { makeKey, makeRequest } from "../fixtures.ts";
import { freshId, type World } from "../world.ts";
import { type Answer, type Mock, page, problem } from "./call.ts";

const KEYS = "/projects/{project}/keys";
/** In the mock, somebody always pastes the quickstart call three seconds after making the key. */
const FIRST_CALL_MS = 3_000;

function withKey(world: World, id: string | undefined, change: (key: Key) => Answer): Answer {
  const key = world.keys.find((candidate) => candidate.id === id);
  return key ? change(key) : problem(404, "not_found", "There is no such key.");
}

function secretOf(key: Key): string {
  return `sk-sg-${"0123456789abcdefghijklmnopqrstuv"}${key.hint.slice(-4)}`;
}

function mayAsk({ allowed_models }: Key, model: string): boolean {
  return allowed_models.length === 0 || allowed_models.includes(model);
}

/** The budget over a derived key; its id. */
function capOf(world: World, key: Key, amount: string, interval: BudgetInterval, now: number): string {
  const project = world.me?.memberships[0]?.projects[0]?.id ?? null;
  const budget = makeBudget({
    id: freshId(world, "bud"),
    name: key.name,
    scope: { project, key: key.id },
    limit: { amount: Number(amount).toFixed(9), currency: "USD" },
    interval,
    current_window: windowOf([now, null], "0", amount),
  });
  world.budgets.unshift(budget);
  return budget.id;
}

export const keyMocks: Mock[] = [
  { method: "GET", path: KEYS, handler: (call) => page(call, call.world.keys) },
  {
    method: "POST",
    path: KEYS,
    handler: ({ world, now, body }) => {
      const { name, expires_at, allowed_models } = body as Pick<
        Key,
        "name" | "expires_at" | "allowed_models"
      >;
      if (name === "taken") return problem(422, "validation_failed", "Another key has this name.", "name");
      const key = makeKey({
        id: freshId(world, "key"),
        name,
        hint: "sk-sg-…9Kb2",
        created_at: new Date(now).toISOString(),
        expires_at: expires_at ?? null,
        allowed_models: allowed_models ?? [],
      });
      world.keys.unshift(key);
      if (name === "quickstart") {
        const started_at = new Date(now + FIRST_CALL_MS).toISOString();
        world.requests.unshift(
          makeRequest({ id: freshId(world, "req"), started_at, key: { id: key.id, name } }),
        );
      }
      return { status: 201, body: { ...key, secret: secretOf(key) } };
    },
  },
  {
    method: "POST",
    path: `${KEYS}/{key}/derive`,
    handler: ({ world, now, path, body }) =>
      withKey(world, path["key"], (parent) => {
        const { name, expires_at, allowed_models, limit, interval } = body as DeriveKey;
        const wider = (allowed_models ?? []).findIndex((model) => !mayAsk(parent, model));
        if (wider >= 0) {
          const detail = "The key it derives from may not ask for this model.";
          return problem(422, "validation_failed", detail, `allowed_models/${wider}`);
        }
        const key = makeKey({
          id: freshId(world, "key"),
          name,
          hint: "sk-sg-…4dRv",
          created_at: new Date(now).toISOString(),
          expires_at: expires_at ?? parent.expires_at,
          allowed_models: allowed_models ?? parent.allowed_models,
          parent: parent.id,
        });
        world.keys.unshift(key);
        const budget = limit ? capOf(world, key, limit.amount, interval ?? "lifetime", now) : null;
        return { status: 201, body: { ...key, secret: secretOf(key), budget } };
      }),
  },
  {
    method: "POST",
    path: `${KEYS}/{key}/rotate`,
    handler: ({ world, now, path, body }) =>
      withKey(world, path["key"], (key) => {
        const { overlap_seconds } = body as { overlap_seconds: number };
        key.hint = "sk-sg-…Rt55";
        key.previous_secret_valid_until =
          overlap_seconds > 0 ? new Date(now + overlap_seconds * 1_000).toISOString() : null;
        return { status: 200, body: { ...key, secret: secretOf(key) } };
      }),
  },
  {
    method: "POST",
    path: `${KEYS}/{key}/disable`,
    handler: ({ world, path }) =>
      withKey(world, path["key"], (key) => {
        key.status = "disabled";
        return { status: 200, body: key };
      }),
  },
  {
    method: "POST",
    path: `${KEYS}/{key}/enable`,
    handler: ({ world, path }) =>
      withKey(world, path["key"], (key) => {
        key.status = "active";
        return { status: 200, body: key };
      }),
  },
  {
    method: "DELETE",
    path: `${KEYS}/{key}`,
    handler: ({ world, path }) =>
      withKey(world, path["key"], (key) => {
        world.keys = world.keys.filter((other) => other !== key);
        return { status: 204 };
      }),
  },
];
