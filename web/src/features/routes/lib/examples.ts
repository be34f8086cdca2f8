// Documents to start from. Each can be published as it stands; the check then says what is missing for it to serve.

export interface Example {
  id: string;
  name: string;
  /** What it is good for, in one sentence. */
  use: string;
  text: string;
}

export const EXAMPLES: readonly [Example, ...Example[]] = [
  {
    id: "fallback",
    name: "Fallback",
    use: "One model, and others behind it for when it fails.",
    text: `slug: resilient
strategy: ordered
targets:
  - { model: openai/gpt-4o-mini }
  - { model: anthropic/claude-haiku-4-5 }
  - { model: mistralai/mistral-small-latest }
# Before the first byte has reached the caller, at most so often and so long.
retry: { max_attempts: 3, attempt_timeout_ms: 30000 }
`,
  },
  {
    id: "cheapest",
    name: "Cheapest in time",
    use: "The least money at which 95 of 100 calls begin to answer in time.",
    text: `slug: thrifty
strategy: { cheapest_within: { milliseconds: 1500 } }
targets:
  - { model: openai/gpt-4o-mini }
  - { model: google/gemini-2.5-flash }
  - { model: meta-llama/llama-3.3-70b-instruct }
`,
  },
  {
    id: "canary",
    name: "Canary",
    use: "A tenth of the traffic goes to something new.",
    text: `slug: canary
strategy: weighted
targets:
  - { model: openai/gpt-4o, weight: 9 }
  - { model: anthropic/claude-sonnet-4-5, weight: 1 }
`,
  },
  {
    id: "experiment",
    name: "Experiment",
    use: "A tenth of the sessions tries something new, each for good; the arms are compared by cost, time and errors.",
    text: `slug: trial
strategy: ordered
experiment:
  name: sonnet-trial
  unit: session
  arms:
    - { name: control, weight: 9 }
    - { name: sonnet, weight: 1 }
targets:
  - { model: openai/gpt-4o, arm: control }
  - { model: anthropic/claude-sonnet-4-5, arm: sonnet }
  # Of no arm: behind both of them, before the other arm.
  - { model: openai/gpt-4o-mini }
`,
  },
  {
    id: "eu-only",
    name: "EU only",
    use: "Processed in the EU, kept by nobody, trained on by nobody: what is not known to comply is never asked.",
    text: `slug: eu-only
rules:
  - name: everything
    constraints:
      processing: [EU]
      max_retention_days: 0
      no_training: true
    strategy: ordered
    targets:
      - { model: mistralai/mistral-small-latest }
      - { model: google/gemini-2.5-flash }
`,
  },
  {
    id: "coding-agent",
    name: "Coding agent",
    use: "Long prompts go to a large context, reasoning to a strong model, everything else to a quick one.",
    text: `slug: coding
# So that a tool which only knows Claude's names comes here, too.
aliases: [claude-coding]
rules:
  - name: long-prompts
    when: request.input_tokens > 150000
    strategy: ordered
    targets: [{ model: google/gemini-2.5-pro }]
  - name: thinking
    when: request.reasoning || request.tools > 0
    strategy: ordered
    targets:
      - { model: anthropic/claude-sonnet-4-5 }
      - { model: openai/gpt-4o }
  - name: everything-else
    strategy: fastest
    targets:
      - { model: anthropic/claude-haiku-4-5 }
      - { model: openai/gpt-4o-mini }
`,
  },
  {
    id: "by-signal",
    name: "By a signal",
    use: "Something outside says how busy it is; a signal names its value for when it is stale.",
    text: `slug: by-load
rules:
  - name: busy
    when: signal("load", 0.0) > 0.8
    strategy: cheapest
    targets:
      - { model: openai/gpt-4o-mini }
      - { model: google/gemini-2.5-flash }
  - name: quiet
    strategy: ordered
    targets: [{ model: openai/gpt-4o }]
`,
  },
  {
    id: "echo",
    name: "Built in",
    use: "The model of the gateway itself: it needs no provider, so that it serves at once.",
    text: `slug: first
strategy: ordered
targets:
  - { model: sluicegate/echo }
`,
  },
];
