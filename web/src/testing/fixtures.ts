// Made-up but plausible data, the same on every run for the same moment.
import type { Connection, Constraints, Key, Me, RequestRecord, Role } from "@/api/types";
import type { CurrentProject } from "@/hooks/use-project";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const ORGANIZATION = { id: "org_01k00000000000000000000001", slug: "northwind", name: "Northwind" };
const PROJECTS = [
  { id: "prj_01k00000000000000000000001", slug: "default", name: "default" },
  { id: "prj_01k00000000000000000000002", slug: "support-bot", name: "Support bot" },
] as const;

/** What the dashboard layout tells the pages of the first project. */
export const currentProject: CurrentProject = {
  ...PROJECTS[0],
  organization: ORGANIZATION,
  projects: [...PROJECTS],
  role: "owner",
};

export function memberOf(name: string, email: string, role: Role): Me {
  return {
    user: { id: "usr_01k00000000000000000000001", email, name },
    memberships: [
      { id: "mem_01k00000000000000000000001", role, organization: ORGANIZATION, projects: [...PROJECTS] },
    ],
  };
}

export const NO_CONSTRAINTS: Constraints = {
  processing: null,
  operator_home: null,
  author_home: null,
  max_retention_days: null,
  no_training: false,
  open_weights: false,
  distillable: false,
  licenses: null,
  quantizations: null,
  certifications: [],
  providers: { only: null, ignore: [] },
  models: { only: null, ignore: [] },
  max_price: { input_per_mtok: null, output_per_mtok: null, per_request: null, per_image: null },
};

export function makeKey(over: Partial<Key> & Pick<Key, "id" | "name">): Key {
  return {
    hint: "sk-sg-…x7Qa",
    status: "active",
    allowed_models: [],
    constraints: NO_CONSTRAINTS,
    parent: null,
    created_at: "2026-11-01T09:00:00Z",
    created_by: "usr_01k00000000000000000000001",
    expires_at: null,
    previous_secret_valid_until: null,
    last_used_at: null,
    ...over,
  };
}

export function busyKeys(now: number): Key[] {
  const ago = (milliseconds: number) => new Date(now - milliseconds).toISOString();
  const ahead = (milliseconds: number) => new Date(now + milliseconds).toISOString();
  return [
    makeKey({
      id: "key_checkout",
      name: "checkout-service",
      hint: "sk-sg-…x7Qa",
      created_at: ago(41 * DAY),
      last_used_at: ago(20_000),
    }),
    makeKey({
      id: "key_batch",
      name: "nightly-summaries",
      hint: "sk-sg-…m2Lp",
      created_at: ago(20 * DAY),
      last_used_at: ago(7 * HOUR),
      allowed_models: ["gpt-4o-mini", "text-embedding-3-small"],
      previous_secret_valid_until: ahead(9 * HOUR),
    }),
    makeKey({
      id: "key_run",
      name: "weekend-run",
      hint: "sk-sg-…p3Vd",
      created_at: ago(6 * HOUR),
      last_used_at: ago(5 * HOUR),
      allowed_models: ["gpt-4o-mini"],
      expires_at: ahead(2 * DAY),
      parent: "key_batch",
    }),
    makeKey({
      id: "key_support",
      name: "support-bot",
      hint: "sk-sg-…Zt40",
      created_at: ago(12 * DAY),
      last_used_at: ago(3 * 60_000),
      allowed_models: ["route/support"],
    }),
    makeKey({
      id: "key_quick",
      name: "quickstart",
      hint: "sk-sg-…0aKd",
      created_at: ago(3 * DAY),
      last_used_at: ago(2 * DAY),
      expires_at: ahead(4 * DAY),
    }),
    makeKey({
      id: "key_demo",
      name: "conference-demo",
      hint: "sk-sg-…Hh91",
      created_at: ago(60 * DAY),
      status: "disabled",
    }),
    makeKey({
      id: "key_old",
      name: "prototype",
      hint: "sk-sg-…r8Wn",
      created_at: ago(120 * DAY),
      status: "expired",
      expires_at: ago(30 * DAY),
      last_used_at: ago(31 * DAY),
    }),
  ];
}

export function busyConnections(now: number): Connection[] {
  const test = (ok: boolean, age: number, message: string | null) => ({
    at: new Date(now - age).toISOString(),
    ok,
    latency_ms: ok ? 184 : 96,
    status: ok ? 200 : 401,
    message,
  });
  const base = {
    priority: 0,
    settings: {},
    created_at: new Date(now - 30 * DAY).toISOString(),
    status: "active" as const,
  };
  return [
    {
      ...base,
      id: "con_openai",
      slug: "openai",
      provider: "openai",
      base_url: "https://api.openai.com/v1",
      credential_hint: "…k9Fz",
      last_test: test(true, 2 * HOUR, null),
    },
    {
      ...base,
      id: "con_vllm",
      slug: "lab-vllm",
      provider: "openai-compatible",
      base_url: "https://models.lab.example/v1",
      credential_hint: null,
      last_test: test(true, 3 * DAY, null),
    },
    {
      ...base,
      id: "con_mistral",
      slug: "mistral",
      provider: "mistral",
      base_url: "https://api.mistral.ai/v1",
      credential_hint: "…77qa",
      last_test: test(false, DAY, "Unauthorized: the API key was revoked"),
    },
    {
      ...base,
      id: "con_old",
      slug: "groq-trial",
      provider: "groq",
      base_url: "https://api.groq.com/openai/v1",
      credential_hint: "…1xYe",
      status: "disabled",
      last_test: null,
    },
  ];
}

export function makeRequest(
  over: Partial<RequestRecord> & Pick<RequestRecord, "id" | "started_at">,
): RequestRecord {
  return {
    trace_id: null,
    operation: "chat_completions",
    dialect: "openai_chat",
    upstream_dialect: "openai_chat",
    dropped: null,
    model_requested: "sluicegate/echo",
    model_served: "sluicegate/echo",
    provider: "sluicegate",
    route: null,
    key: { id: "key_quick", name: "quickstart" },
    end_user: null,
    session: null,
    tags: [],
    experiment: null,
    status: 200,
    outcome: "served",
    error_code: null,
    stream: false,
    tokens: { input: 6, output: 8, cache_read: 0, cache_write: 0, reasoning: 0 },
    cost: { amount: "0.000000412", currency: "USD" },
    cost_evidence: "reported",
    ttft_ms: null,
    duration_ms: 12.431,
    overhead_ms: 0.312,
    attempts: [
      {
        index: 0,
        provider: "sluicegate",
        connection: null,
        upstream_model: "echo",
        dialect: "openai_chat",
        status: 200,
        outcome: "served",
        duration_ms: 11.208,
        ttft_ms: 4.087,
        cost: { amount: "0.000000412", currency: "USD" },
      },
    ],
    ...over,
  };
}
