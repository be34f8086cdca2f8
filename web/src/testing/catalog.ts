// A made-up catalog: a few models, the ways to reach them, and what is known of each.
import type { FactStatement, Facts, KnownFact, Model, ModelEndpoint } from "@/api/types";

const LIST = "https://models.example/list";

const NO_FACTS: Facts = {
  processing: null,
  operator_home: null,
  retention_days: null,
  trains: null,
  quantization: null,
  certifications: [],
  author_home: null,
  open_weights: null,
  license: null,
  distillable: null,
  tools: null,
  json_schema: null,
  reasoning: null,
};

/** What a price list says, which has a date. */
const LISTED = ["open_weights", "tools", "json_schema", "reasoning"];

type Known = Partial<Record<keyof Facts, unknown>>;

function listed(known: Known): KnownFact[] {
  return Object.entries(known).map(([name, value]) => ({
    name,
    // The document calls any value an object.
    value: value as Record<string, never>,
    source: LIST,
    as_of: LISTED.includes(name) ? "2026-07" : null,
    statement: null,
  }));
}

function endpoint(provider: string, upstream_model: string, known: Known): ModelEndpoint {
  const money = (amount: string) => ({ amount, currency: "USD" });
  const price = {
    input_per_mtok: money("0.150000000"),
    output_per_mtok: money("0.600000000"),
    cache_read_per_mtok: null,
    cache_write_per_mtok: null,
  };
  return {
    provider,
    region: null,
    upstream_model,
    operations: ["chat_completions"],
    price,
    facts: listed(known),
  };
}

function model(id: string, name: string, endpoints: ModelEndpoint[]): Model {
  return {
    id,
    name,
    vendor: id.split("/")[0] ?? "",
    context_window: 128_000,
    max_output_tokens: 16_384,
    modalities: { input: ["text"], output: ["text"] },
    endpoints,
  };
}

const US_CLOSED = {
  author_home: "US",
  open_weights: false,
  tools: true,
  json_schema: true,
  reasoning: false,
};
const OPEN_LLAMA = { author_home: "US", open_weights: true, license: "llama-3.3" };

const MODELS: readonly Model[] = [
  model("meta-llama/llama-3.3-70b-instruct", "Llama 3.3 70B", [
    endpoint("groq", "llama-3.3-70b-versatile", { operator_home: "US", ...OPEN_LLAMA }),
  ]),
  model("mistralai/mistral-small-latest", "Mistral Small", [
    endpoint("mistral", "mistral-small-latest", {
      operator_home: "FR",
      author_home: "FR",
      open_weights: true,
    }),
  ]),
  model("openai/gpt-4o-mini", "GPT-4o mini", [
    endpoint("openai", "gpt-4o-mini", { operator_home: "US", ...US_CLOSED }),
    endpoint("azure", "gpt-4o-mini", { operator_home: "US", ...US_CLOSED }),
  ]),
];

export function busyStatements(now: number): FactStatement[] {
  return [
    {
      id: "fct_mistral",
      about: { provider: "mistral", connection: null, model: null },
      facts: {
        ...NO_FACTS,
        processing: "EU",
        retention_days: 0,
        trains: false,
        certifications: ["ISO 27001"],
      },
      evidence: "Data processing agreement of 2026-02-11, contract MI-2231",
      as_of: "2026-02-11",
      created_at: new Date(now - 30 * 86_400_000).toISOString(),
      created_by: "usr_01k00000000000000000000001",
    },
  ];
}

/** The catalog with what the organization states laid over it. */
export function catalogWith(statements: readonly FactStatement[]): Model[] {
  return MODELS.map((listedModel) => ({
    ...listedModel,
    endpoints: listedModel.endpoints.map((way) => ({
      ...way,
      facts: statements.filter((it) => fits(it, listedModel.id, way.provider)).reduce(over, way.facts),
    })),
  }));
}

export function fillFacts(facts: Partial<Facts>): Facts {
  return { ...NO_FACTS, ...facts };
}

function fits({ about }: FactStatement, id: string, provider: string): boolean {
  // Statements of a connection do not show in the catalog.
  if (about.connection || (about.provider && about.provider !== provider)) return false;
  return (
    !about.model ||
    about.model === id ||
    (about.model.endsWith("*") && id.startsWith(about.model.slice(0, -1)))
  );
}

function over(known: KnownFact[], { id, facts, evidence, as_of }: FactStatement): KnownFact[] {
  const stated = Object.entries(facts).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  );
  const names = stated.map(([name]) => name);
  return [
    ...known.filter(({ name }) => !names.includes(name)),
    ...stated.map(([name, value]) => ({
      name,
      value: value as unknown as Record<string, never>,
      source: evidence,
      as_of,
      statement: id,
    })),
  ];
}
