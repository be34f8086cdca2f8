// Made-up rollouts: one that goes well, and one that was halted.
import type { RouteRollout, VersionFigures } from "@/api/types";

const MINUTE = 60_000;
const ADA = "usr_01k00000000000000000000001";

export type StoredRollout = RouteRollout & { route: string };

function figures(requests: number, errors: number, ttft: number, cost: string): VersionFigures {
  return {
    requests,
    errors,
    error_percent: requests > 0 ? (errors / requests) * 100 : null,
    ttft_p95_ms: requests > 0 ? ttft : null,
    mean_cost: requests > 0 ? { amount: cost, currency: "USD" } : null,
  };
}

/** What both versions did when a stage has just begun. */
export const NO_FIGURES: RouteRollout["figures"] = {
  published: figures(0, 0, 0, ""),
  newer: figures(0, 0, 0, ""),
  is_cut: false,
};

/** In the first of the usual stages. */
export function begunRollout(route: string, base: number, version: number, now: number): StoredRollout {
  return {
    route,
    version,
    base_version: base,
    state: "progressing",
    reason: null,
    percent: 5,
    stage: 1,
    stages: [5, 25, 50],
    hold_minutes: 10,
    halt_when: { error_rate_points: 2, cost_ratio: 1.5, ttft_p95_ratio: 1.5, min_requests: 50 },
    waiting_for: "requests",
    stage_since: new Date(now).toISOString(),
    holds_until: new Date(now + 10 * MINUTE).toISOString(),
    stopped_at: null,
    figures: NO_FIGURES,
    started_by: ADA,
    started_at: new Date(now).toISOString(),
  };
}

export function busyRollouts(now: number): StoredRollout[] {
  return [
    {
      ...begunRollout("rt_triage", 1, 2, now - 16 * MINUTE),
      percent: 25,
      stage: 2,
      waiting_for: "time",
      stage_since: new Date(now - 6 * MINUTE).toISOString(),
      holds_until: new Date(now + 4 * MINUTE).toISOString(),
      figures: {
        published: figures(37_512, 382, 812, "0.000412000"),
        newer: figures(12_488, 139, 655, "0.000268000"),
        is_cut: true,
      },
    },
    {
      ...begunRollout("rt_extract", 1, 2, now - 48 * MINUTE),
      state: "halted",
      percent: 0,
      waiting_for: null,
      reason: {
        code: "error_rate",
        detail:
          "36.7 % of its requests failed, and 1.1 % of those of the published version: more than 2 points above, beyond chance.",
      },
      stopped_at: new Date(now - 41 * MINUTE).toISOString(),
      figures: {
        published: figures(1_140, 13, 934, "0.001204000"),
        newer: figures(60, 22, 1_420, "0.001310000"),
        is_cut: false,
      },
    },
  ];
}
