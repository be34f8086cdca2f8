// The AI SDK with @ai-sdk/anthropic.

import { createAnthropic } from "@ai-sdk/anthropic";

import { Driver } from "./ai-sdk.js";
import { run } from "./harness.js";

class Anthropic extends Driver {
  static PACKAGE = "@ai-sdk/anthropic";
  static LACKS = { ...Driver.LACKS, embeddings: "the API has no embeddings" };
  static REASONING = { anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } };

  provider(apiKey) {
    return createAnthropic({ baseURL: `${this.job.url}/v1`, apiKey });
  }

  chat(provider, name) {
    return provider(name);
  }
}

await run(Anthropic);
