import type { DecisionCandidate, RequestDecision, RequestRecord } from "../../api/types.ts";
import { type Mock, page, problem } from "./call.ts";

const REQUESTS = "/projects/{project}/requests";

export const requestMocks: Mock[] = [
  {
    method: "GET",
    path: REQUESTS,
    handler: (call) => {
      const { query, now } = call;
      const from = Date.parse(query.get("from") ?? "1970-01-01T00:00:00Z");
      const to = Math.min(now, Date.parse(query.get("to") ?? "9999-01-01T00:00:00Z"));
      const status = query.get("status");
      const model = query.get("model");
      const key = query.get("key");
      const rows = call.world.requests.filter((row) => {
        const at = Date.parse(row.started_at);
        return (
          at >= from &&
          at <= to &&
          (!status || (row.outcome === "served") === (status === "ok")) &&
          (!model || row.model_requested === model || row.model_served === model) &&
          (!key || row.key?.id === key)
        );
      });
      return page(call, rows);
    },
  },
  {
    method: "GET",
    path: `${REQUESTS}/{request}`,
    handler: ({ world, path }) => {
      const row = world.requests.find(({ id }) => id === path["request"]);
      return row ? { status: 200, body: row } : problem(404, "not_found", "There is no such request.");
    },
  },
  {
    method: "GET",
    path: `${REQUESTS}/{request}/decision`,
    handler: ({ world, path }) => {
      const row = world.requests.find(({ id }) => id === path["request"]);
      const decision = row && decisionOf(row);
      return decision
        ? { status: 200, body: decision }
        : problem(404, "not_found", "There is no such decision.");
    },
  },
];

/** A decision that fits a request: its attempts in their order, one on standby and one left out. */
function decisionOf(row: RequestRecord): RequestDecision | null {
  const { attempts } = row;
  if (attempts.length === 0) return null;
  const candidate = (over: Partial<DecisionCandidate>): DecisionCandidate => ({
    model: row.model_served ?? row.model_requested,
    provider: null,
    connection: null,
    arm: null,
    outcome: "standby",
    rank: null,
    reason: null,
    level: null,
    standing: null,
    score: null,
    bound: null,
    ...over,
  });
  const tried = attempts.map(({ provider, connection, outcome }, index) =>
    candidate({
      provider,
      connection,
      rank: index + 1,
      outcome: outcome === "served" ? "selected" : "tried",
      score: score(0.34 + index / 5, 0.012),
    }),
  );
  return {
    request: row.id,
    summary: `Served by ${attempts.at(-1)?.provider} on attempt ${attempts.length} of ${attempts.length}.`,
    model_requested: row.model_requested,
    model_served: row.model_served,
    route: row.route,
    rule: row.route === null ? null : "default",
    experiment: row.experiment && { ...row.experiment, unit: "session" },
    cause: "score",
    config_version: 482,
    config_hash: "00c0ffee00c0ffee",
    facts: {
      input_tokens: row.tokens.input,
      max_output_tokens: 1_024,
      stream: row.stream,
      language: null,
      readings: [],
    },
    candidates: [
      ...tried,
      candidate({
        provider: "groq",
        rank: tried.length + 1,
        standing: "drained",
        score: score(0.9, 0.004),
      }),
      candidate({ provider: "azure", outcome: "rejected", reason: "price_above_cap", level: "project" }),
    ],
    omitted: 0,
    held_ms: 0,
    attempts,
  };
}

function score(latency: number, cost: number): DecisionCandidate["score"] {
  const none = { cache: 0, failure: 0, headroom: 0, quality: 0, target: 0, load: 0 };
  return { by: "score", total: latency + cost, latency, cost, ...none };
}
