// The AI SDK with @ai-sdk/google.

import { createGoogleGenerativeAI } from "@ai-sdk/google";

import { Driver } from "./ai-sdk.js";
import { run } from "./harness.js";

class Google extends Driver {
  static PACKAGE = "@ai-sdk/google";
  static BAD_KEY = { statusCode: 400, responseBody: "API_KEY_INVALID" };
  static REASONING = { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } } };

  provider(apiKey) {
    return createGoogleGenerativeAI({ baseURL: `${this.job.url}/v1beta`, apiKey });
  }

  chat(provider, name) {
    return provider(name);
  }

  embedding(provider, name) {
    return provider.embedding(name);
  }

  embeddings(cell) {
    return this.embed(cell, { google: { outputDimensionality: 16 } });
  }
}

await run(Google);
