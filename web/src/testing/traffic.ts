// A week of made-up traffic, the same on every run for the same moment.
import type { Attempt, RequestRecord } from "@/api/types";
import { makeRequest } from "./fixtures.ts";

const DAY = 86_400_000;

const MODELS = [
  { asked: "gpt-4o-mini", served: "openai/gpt-4o-mini", provider: "openai", nanosPerToken: 240, weight: 5 },
  {
    asked: "route/support",
    served: "mistral/mistral-small",
    provider: "mistral",
    nanosPerToken: 180,
    weight: 3,
  },
  { asked: "openai/gpt-4o", served: "openai/gpt-4o", provider: "openai", nanosPerToken: 5_100, weight: 2 },
  {
    asked: "text-embedding-3-small",
    served: "openai/text-embedding-3-small",
    provider: "openai",
    nanosPerToken: 20,
    weight: 2,
  },
  {
    asked: "lab-vllm/qwen3-32b",
    served: "lab-vllm/qwen3-32b",
    provider: "openai-compatible",
    nanosPerToken: 0,
    weight: 1,
  },
  {
    asked: "sluicegate/echo",
    served: "sluicegate/echo",
    provider: "sluicegate",
    nanosPerToken: 1,
    weight: 1,
  },
];

/** Two days of traffic, denser in working hours, newest first. */
export function busyRequests(now: number): RequestRecord[] {
  const random = seeded(7);
  const bag = MODELS.flatMap((model) => Array.from({ length: model.weight }, () => model));
  const keys = [
    { id: "key_checkout", name: "checkout-service" },
    { id: "key_support", name: "support-bot" },
    { id: "key_batch", name: "nightly-summaries" },
  ];
  const records: RequestRecord[] = [];
  let at = now - 8_000;
  while (at > now - 8 * DAY) {
    const model = bag[Math.floor(random() * bag.length)] ?? MODELS[0];
    const key = keys[Math.floor(random() * keys.length)] ?? keys[0];
    if (model && key) records.push(record(records.length, at, model, key, random));
    const night = new Date(at).getUTCHours() < 6;
    at -= (night ? 3_600_000 : 900_000) * (0.2 + random() * 1.6);
  }
  return records;
}

function record(
  index: number,
  at: number,
  model: (typeof MODELS)[number],
  key: { id: string; name: string },
  random: () => number,
): RequestRecord {
  const fate = random();
  const retried = fate > 0.86 && fate < 0.94;
  const refused = fate >= 0.94;
  const input = Math.floor(40 + random() * 3_000);
  const output = model.asked.includes("embedding") || refused ? 0 : Math.floor(20 + random() * 900);
  const duration = Math.floor(180 + output * 7 + random() * 400);
  const cost = refused
    ? null
    : { amount: (((input + output * 4) * model.nanosPerToken) / 1e9).toFixed(9), currency: "USD" };
  return makeRequest({
    id: `req_${String(100_000 - index).padStart(26, "0")}`,
    started_at: new Date(at).toISOString(),
    operation: model.asked.includes("embedding") ? "embeddings" : "chat_completions",
    model_requested: model.asked,
    model_served: refused ? null : model.served,
    provider: refused ? null : model.provider,
    route: model.asked.startsWith("route/") ? { slug: "support", version: 14 } : null,
    experiment: null,
    key,
    status: refused ? 429 : 200,
    outcome: refused ? "failed" : "served",
    error_code: refused ? "rate_limited" : null,
    stream: output > 300,
    tokens: {
      input: refused ? 0 : input,
      output,
      cache_read: retried || refused ? 0 : Math.floor(input / 3),
      cache_write: 0,
      reasoning: 0,
    },
    cost,
    cost_evidence: refused ? "none" : "reported",
    ttft_ms: output > 300 ? 210 : null,
    duration_ms: duration + (retried ? 120 : 0),
    overhead_ms: 0.418,
    attempts: attemptsOf(model, { retried, refused, duration, cost }),
  });
}

interface Fate {
  retried: boolean;
  refused: boolean;
  duration: number;
  cost: RequestRecord["cost"];
}

function attemptsOf(model: (typeof MODELS)[number], { retried, refused, duration, cost }: Fate): Attempt[] {
  const failed: Attempt = {
    index: 0,
    provider: "groq",
    connection: "groq-trial",
    upstream_model: model.served.split("/")[1] ?? model.served,
    dialect: "openai_chat",
    status: 429,
    outcome: "rate_limited",
    duration_ms: 120,
    ttft_ms: null,
    cost: null,
  };
  if (refused) return [failed];
  const good: Attempt = {
    ...failed,
    index: retried ? 1 : 0,
    provider: model.provider,
    connection: model.provider === "sluicegate" ? null : model.provider,
    status: 200,
    outcome: "served",
    duration_ms: duration,
    ttft_ms: Math.min(210, duration),
    cost,
  };
  return retried ? [failed, good] : [good];
}

/** A small deterministic generator of numbers between 0 and 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}
