// What the drivers of the AI SDK share: every provider package is used through the SDK's own functions.

import { APICallError, embedMany, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";

import * as harness from "./harness.js";
import { expect, gather } from "./harness.js";

const HUSH = { maxRetries: 0, onError: () => {} };

// Tools that record their calls; with `answers` they also run, and the SDK sends their results back.
function tools(calls, answers) {
  return Object.fromEntries(
    Object.entries(harness.TOOLS).map(([name, { description, schema }]) => {
      const execute = async (input) => {
        calls.push([name, input]);
        return harness.RESULTS[name];
      };
      return [name, tool({ description, inputSchema: jsonSchema(schema), ...(answers ? { execute } : {}) })];
    }),
  );
}

const called = (calls) => calls.map((call) => [call.toolName, call.input]);
const ids = (calls) => calls.map((call) => call.toolCallId);

// A subclass gives `provider(key)`, `chat(provider, name)` and what else its package has.
export class Driver {
  static LACKS = {
    list_models: "the client has no such call",
    count_tokens: "the client has no such call",
    bad_request: "the client builds requests by itself",
  };
  // Options of every call, and those with which the package asks for reasoning.
  static OPTIONS = {};
  static REASONING = {};
  // How a bad key is told.
  static BAD_KEY = { statusCode: 401 };

  constructor(job) {
    this.job = job;
  }

  ask(cell, prompt, more = {}) {
    const model = this.chat(this.provider(this.job.key), cell.model);
    return generateText({ model, prompt, providerOptions: this.constructor.OPTIONS, ...HUSH, ...more });
  }

  streamed(cell, prompt, more = {}) {
    const model = this.chat(this.provider(this.job.key), cell.model);
    return streamText({ model, prompt, providerOptions: this.constructor.OPTIONS, ...HUSH, ...more });
  }

  async plain(cell) {
    const answer = await this.ask(cell, cell.prompt(`[[say=${harness.SAY}]]`));
    cell.expectText(answer.text);
    expect("finish reason", answer.finishReason, "stop");
    const second = await this.ask(cell, cell.prompt("[[repeat=system]]"), { system: harness.SYSTEM });
    cell.expectText(second.text, harness.SYSTEM);
  }

  async stream(cell) {
    const answer = this.streamed(cell, cell.prompt(`[[say=${harness.SAY}]]`));
    cell.expectStream(await gather(answer.textStream));
    expect("finish reason", await answer.finishReason, "stop");
  }

  async parallel_tools(cell) {
    const prompt = cell.prompt("[[call=2]]");
    const answer = await this.ask(cell, prompt, { tools: tools([], false) });
    cell.expectCalls(called(answer.toolCalls), ids(answer.toolCalls));
    expect("finish reason", answer.finishReason, "tool-calls");
    const streamed = this.streamed(cell, prompt, { tools: tools([], false) });
    await streamed.consumeStream();
    const calls = await streamed.toolCalls;
    cell.expectCalls(called(calls), ids(calls));
    expect("finish reason of the stream", await streamed.finishReason, "tool-calls");
  }

  async tool_result_turn(cell) {
    const more = (calls) => ({ tools: tools(calls, true), stopWhen: stepCountIs(3) });
    const [first, second] = [[], []];
    const answer = await this.ask(cell, cell.prompt("[[call=2]]"), more(first));
    cell.expectResults(answer.text);
    const streamed = this.streamed(cell, cell.prompt("[[call=2]]"), more(second));
    cell.expectResults(await streamed.text);
    expect("calls", first, harness.CALLS);
    expect("calls of the stream", second, harness.CALLS);
  }

  async structured_output(cell) {
    const output = Output.object({ schema: jsonSchema(harness.PERSON) });
    expect("output", (await this.ask(cell, cell.prompt("Who?"), { output })).output, harness.PERSON_VALUE);
  }

  async image_input(cell) {
    const content = [
      { type: "text", text: cell.prompt("[[repeat=images]]") },
      { type: "image", image: harness.PNG, mediaType: "image/png" },
    ];
    const answer = await this.ask(cell, undefined, { messages: [{ role: "user", content }] });
    cell.expectText(answer.text, harness.pictureAsTold(harness.PNG));
  }

  async reasoning(cell) {
    const prompt = cell.prompt(`[[say=${harness.SAY}]]`);
    const more = { providerOptions: this.constructor.REASONING };
    const answer = await this.ask(cell, prompt, more);
    cell.expectText(answer.text);
    expect("reasoning", answer.reasoningText, harness.REASONING);
    const streamed = this.streamed(cell, prompt, more);
    cell.expectText(await streamed.text);
    expect("reasoning of the stream", await streamed.reasoningText, harness.REASONING);
  }

  async embed(cell, providerOptions) {
    const model = this.embedding(this.provider(this.job.key), cell.embeddingModel);
    const answer = await embedMany({ model, values: ["one", "two"], maxRetries: 0, providerOptions });
    cell.expectVectors(answer.embeddings, 2, 16);
  }

  refuses(cell, statusCode, call, more = {}) {
    return cell.raises(APICallError, { statusCode, ...more }, call);
  }

  bad_key(cell) {
    const model = () => this.chat(this.provider(harness.BAD_KEY), cell.model);
    const call = () => generateText({ model: model(), prompt: "x", ...HUSH });
    return cell.raises(APICallError, this.constructor.BAD_KEY, call);
  }

  not_found(cell) {
    const model = () => this.chat(this.provider(this.job.key), harness.NO_SUCH_MODEL);
    const call = () => generateText({ model: model(), prompt: "x", ...HUSH });
    return this.refuses(cell, 404, call, { message: harness.NO_SUCH_MODEL });
  }

  rate_limited(cell) {
    return this.refuses(cell, 429, () => this.ask(cell, cell.prompt("[[fail=429]]")));
  }

  overloaded(cell) {
    const call = () => this.ask(cell, cell.prompt("[[fail=503]]"));
    return cell.raises(APICallError, { isRetryable: true, statusCode: harness.OVERLOADED }, call);
  }

  context_length(cell) {
    return this.refuses(cell, 400, () => this.ask(cell, cell.prompt("[[fail=context]]")));
  }

  async cancel(cell) {
    const leaving = new AbortController();
    const answer = this.streamed(cell, cell.prompt("[[drip]]"), { abortSignal: leaving.signal });
    for await (const piece of answer.textStream) {
      if (piece.includes("drop 2")) {
        leaving.abort();
        break;
      }
    }
    await cell.expectLeft();
  }

  async usage(cell) {
    const prompt = cell.prompt("[[say=one two three]]");
    const whole = await this.ask(cell, prompt);
    const streamed = this.streamed(cell, prompt);
    await streamed.consumeStream();
    const told = [whole.usage, await streamed.usage];
    await cell.expectUsage(told.map((usage) => [usage.inputTokens, usage.outputTokens]));
  }
}
