// The AI SDK with @ai-sdk/openai, whose models speak Responses; embeddings are OpenAI's.

import { createOpenAI } from "@ai-sdk/openai";

import { Driver } from "./ai-sdk.js";
import { run } from "./harness.js";

class OpenAI extends Driver {
  static PACKAGE = "@ai-sdk/openai";
  // Nothing is kept by the gateway: the whole conversation has to come again.
  static OPTIONS = { openai: { store: false } };
  static REASONING = {
    openai: { store: false, reasoningEffort: "low", reasoningSummary: "auto", forceReasoning: true },
  };

  provider(apiKey) {
    return createOpenAI({ baseURL: `${this.job.url}/v1`, apiKey });
  }

  chat(provider, name) {
    return provider.responses(name);
  }

  embedding(provider, name) {
    return provider.embedding(name);
  }

  embeddings(cell) {
    return this.embed(cell, { openai: { dimensions: 16 } });
  }
}

await run(OpenAI);
