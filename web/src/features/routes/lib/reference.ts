// What a document may say, for the help beside the editor. docs/routing.md says it at length.

export interface Entry {
  name: string;
  text: string;
}

export const FIELDS: readonly Entry[] = [
  { name: "slug", text: "Callers name the route route/<slug>." },
  { name: "aliases", text: "Further model names that mean it." },
  {
    name: "rules",
    text: "The first whose condition holds decides; the last has none. Leave it out for one rule that takes all.",
  },
  { name: "name", text: "Of a rule; unique in the route." },
  { name: "when", text: "The condition of a rule, in CEL." },
  {
    name: "constraints",
    text: "What serves must be known to satisfy. They only tighten those of other levels.",
  },
  { name: "strategy", text: "How targets are put in order." },
  {
    name: "experiment",
    text: "name, unit and arms: each session (user, key, …) stays in one arm. Targets say theirs by arm.",
  },
  { name: "targets", text: "model, and if you like weight, connection and arm." },
  {
    name: "retry",
    text: "max_attempts over all targets, attempt_timeout_ms for each, hedge for what is late.",
  },
];

export const STRATEGIES: readonly Entry[] = [
  { name: "ordered", text: "As listed." },
  { name: "weighted", text: "Drawn by weight." },
  { name: "fastest", text: "The soonest first token." },
  { name: "cheapest", text: "The least money." },
  { name: "least_loaded", text: "The fewest open calls for what it can take." },
  {
    name: "{ cheapest_within: { milliseconds: 800 } }",
    text: "The least money at which 95 of 100 calls begin in time.",
  },
  {
    name: '{ fastest_under: { cost: { amount: "0.002" } } }',
    text: "The fastest of what costs at most so much a call.",
  },
  { name: '{ balanced: { second: { amount: "0.0005" } } }', text: "What a second less is worth." },
];

export const FACTS: readonly Entry[] = [
  { name: "request.input_tokens", text: "Prompt tokens, estimated." },
  { name: "request.max_output_tokens", text: "Absent where the caller sets none." },
  { name: "request.stream", text: "true or false" },
  { name: "request.operation", text: "chat_completions, embeddings, rerank" },
  { name: "request.language", text: 'Of what its user says last: "de"; "" where that is not sure.' },
  { name: "request.dialect", text: "openai_chat, openai_responses, anthropic_messages, gemini" },
  { name: "request.model", text: "As sent." },
  { name: "request.modalities", text: 'A list: "image" in request.modalities' },
  { name: "request.tools", text: "How many are offered." },
  { name: "request.json_schema", text: "true or false" },
  { name: "request.reasoning", text: "true or false" },
  { name: 'request.headers["x-route-…"]', text: "Also user-agent, origin and a few more." },
  { name: 'request.metadata["…"]', text: "Texts in the metadata of the body." },
  { name: "request.user, request.session", text: "As the caller names them." },
  { name: "request.tags", text: 'A list: "batch" in request.tags' },
  { name: "key.id", text: "Of the key that calls." },
  { name: "time.hour, time.minute, time.weekday", text: 'In UTC; time.hour("Europe/Berlin") in a zone.' },
  { name: 'signal("load", 0.0)', text: "What was pushed last, or the value beside it while that is stale." },
  {
    name: 'health.success_rate("openai/gpt-4o", 1.0)',
    text: "Share of calls that were served lately, or the value beside it while that is not known.",
  },
  {
    name: 'health.first_token_p95_ms("openai/gpt-4o", 500)',
    text: "Within which 95 of 100 streams begin, or the value beside it.",
  },
  { name: 'health.headroom("openai/gpt-4o", 1.0)', text: "Share of the rate limit that is left." },
  {
    name: 'health.available("openai/gpt-4o", true)',
    text: "Whether it takes calls: no open breaker, no used-up rate. A provider may be named, too.",
  },
  {
    name: 'budget.remaining_ratio("team", 1.0)',
    text: "Share of a budget that is not spent, at most a minute old, or the value beside it.",
  },
];
