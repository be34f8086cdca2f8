// Made-up drafts: a change of a published route, and a route that is not published yet.
import type { CreateRoute } from "@/api/types";

const HOUR = 3_600_000;

export interface StoredDraft {
  /** The route that it is a draft of. */
  id: string;
  slug: string;
  base: number | null;
  document: CreateRoute;
  by: string | null;
  at: string;
}

const SUPPORT: CreateRoute = {
  slug: "support",
  aliases: ["gpt-support"],
  rules: [
    {
      name: "long-prompts",
      when: "request.input_tokens > 100000",
      constraints: { processing: ["EU"], no_training: true },
      strategy: "ordered",
      targets: [{ model: "google/gemini-2.5-pro" }],
    },
    {
      name: "offline",
      when: '"batch" in request.tags',
      strategy: "cheapest",
      targets: [{ model: "openai/gpt-4o-mini" }, { model: "meta-llama/llama-3.3-70b-instruct" }],
    },
    {
      name: "everything-else",
      strategy: "weighted",
      targets: [
        { model: "openai/gpt-4o-mini", weight: 9 },
        { model: "anthropic/claude-sonnet-4-5", weight: 1 },
      ],
    },
  ],
};

const NIGHTLY: CreateRoute = {
  slug: "nightly",
  strategy: "cheapest",
  targets: [{ model: "openai/gpt-4o-mini" }],
};

export function busyDrafts(now: number): StoredDraft[] {
  const written = { by: "usr_01k00000000000000000000001", at: new Date(now - 2 * HOUR).toISOString() };
  return [
    { ...written, id: "rt_nightly", slug: "nightly", base: null, document: NIGHTLY },
    { ...written, id: "rt_support", slug: "support", base: 3, document: SUPPORT },
  ];
}
