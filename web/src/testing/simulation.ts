// A made-up simulation: what a cheaper everyday model would have done to a week of requests.
import type { RequestDifference, RequestFate, RouteSimulation, SimulateRoute } from "@/api/types";

const REQUESTS = 412;
const CHANGED = 64;
const WEEK = 7 * 86_400_000;
const USUAL_PAGE = 50;

function usd(amount: number) {
  return { amount: amount.toFixed(9), currency: "USD" };
}

function sent(rule: string, model: string, connection: string, cost: number): RequestFate {
  const [provider = ""] = model.split("/");
  return { sent: { rule, model, provider, connection, cost: usd(cost), experiment: null } };
}

function difference(index: number): RequestDifference {
  const request = `req_01k00000000000000000${String(9_000 - index).padStart(5, "0")}`;
  const cost = 0.0042 + (index % 7) * 0.0004;
  const published = sent("everything-else", "openai/gpt-4o", "con_openai", cost);
  if (index % 20 === 3) return { request, published, proposed: { refused: { reason: "context_too_small" } } };
  const rule = index % 9 === 0 ? "offline" : "everything-else";
  return { request, published, proposed: sent(rule, "openai/gpt-4o-mini", "con_openai", cost / 16) };
}

export function simulationOf(
  question: SimulateRoute,
  published_version: number,
  rules: string[],
  now: number,
): RouteSimulation {
  const to = question.to ?? new Date(now).toISOString();
  const from = question.from ?? new Date(Date.parse(to) - WEEK).toISOString();
  const requests = Math.min(question.count ?? 1_000, REQUESTS);
  const all = Array.from({ length: CHANGED }, (_, index) => difference(index));
  const begin = question.after ? all.findIndex(({ request }) => request === question.after) + 1 : 0;
  const shown = all.slice(begin, begin + (question.differences ?? USUAL_PAGE));
  const simulated = requests - 43;
  return {
    published_version,
    window: { from, to },
    requests,
    is_cut: requests < REQUESTS,
    simulated,
    not_simulated: [
      { reason: "fact_not_kept", fact: 'signal("load")', requests: 31 },
      { reason: "request_steered", fact: null, requests: 9 },
      { reason: "key_gone", fact: null, requests: 3 },
    ],
    cost: {
      requests: simulated - 4,
      published: usd(1.284203871),
      proposed: usd(0.742118004),
      change: usd(-0.542085867),
    },
    ttft: { requests: simulated - 20, published_ms: 612.4, proposed_ms: 431.9 },
    refused: { published: 0, proposed: 4 },
    violations: { published: 0, proposed: 0 },
    mix: [
      mix("openai/gpt-4o", "con_openai", [64, 0], 640.2),
      mix("openai/gpt-4o-mini", "con_openai", [0, 60], 388.1),
      mix("anthropic/claude-sonnet-4-5", "con_anthropic", [simulated - 82, simulated - 82], 702.7),
      mix("google/gemini-2.5-pro", "con_google", [18, 18], null),
    ],
    rules: rules.map((rule, index) => ({ rule, requests: [18, 0, simulated - 22][index] ?? 0 })),
    arms: [],
    caveats: [
      {
        code: "first_choice_only",
        detail:
          "Cost, time and mix are of the endpoint that is tried first; failures after it are not replayed.",
      },
      {
        code: "as_of_today",
        detail:
          "Connections, constraints, catalog and prices are those of today; of requests, tokens and labels are those of then.",
      },
    ],
    changed: CHANGED,
    differences: shown,
    next_after: begin + shown.length < CHANGED ? (shown.at(-1)?.request ?? null) : null,
  };
}

function mix(
  model: string,
  connection: string,
  [published, proposed]: [number, number],
  ttft_ms: number | null,
) {
  const [provider = "", upstream_model = ""] = model.split("/");
  return { model, provider, upstream_model, connection, published, proposed, ttft_ms };
}
