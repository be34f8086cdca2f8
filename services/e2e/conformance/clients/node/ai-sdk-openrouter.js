// The AI SDK with @openrouter/ai-sdk-provider: Chat Completions with OpenRouter's additions.

import { createOpenRouter } from "@openrouter/ai-sdk-provider";

import { Driver } from "./ai-sdk.js";
import { run } from "./harness.js";

class OpenRouter extends Driver {
  static PACKAGE = "@openrouter/ai-sdk-provider";
  static LACKS = { ...Driver.LACKS, embeddings: "shown by the OpenAI row; the call is the same" };
  static REASONING = { openrouter: { reasoning: { effort: "low" } } };

  provider(apiKey) {
    return createOpenRouter({ baseURL: `${this.job.url}/v1`, apiKey, compatibility: "strict" });
  }

  chat(provider, name) {
    return provider.chat(name);
  }
}

await run(OpenRouter);
