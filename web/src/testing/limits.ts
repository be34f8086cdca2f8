// Made-up rate limits, at every place of the tree.
import type { Limit, LimitScope } from "@/api/types";

const DEFAULT = "prj_01k00000000000000000000001";
const SUPPORT = "prj_01k00000000000000000000002";

export function makeLimit(
  over: Partial<Omit<Limit, "scope">> & Pick<Limit, "id"> & { scope?: Partial<LimitScope> },
): Limit {
  return {
    metric: "requests",
    amount: 600,
    burst: 600,
    status: "active",
    created_at: "2026-10-12T08:30:00Z",
    created_by: "usr_01k00000000000000000000001",
    ...over,
    scope: { project: null, key: null, end_user: null, model: null, provider: null, ...over.scope },
  };
}

export function busyLimits(): Limit[] {
  return [
    makeLimit({ id: "lim_all", metric: "concurrency", amount: 200, burst: null }),
    makeLimit({
      id: "lim_tokens",
      metric: "output_tokens",
      amount: 250_000,
      burst: 50_000,
      scope: { project: DEFAULT, provider: "openai", model: "openai/gpt-4o*" },
    }),
    makeLimit({
      id: "lim_users",
      amount: 20,
      burst: 5,
      scope: { project: DEFAULT, end_user: { kind: "each" } },
    }),
    makeLimit({ id: "lim_batch", amount: 60, burst: 60, scope: { project: DEFAULT, key: "key_batch" } }),
    makeLimit({
      id: "lim_old",
      metric: "input_tokens",
      amount: 100_000,
      status: "disabled",
      scope: { project: SUPPORT },
    }),
  ];
}
