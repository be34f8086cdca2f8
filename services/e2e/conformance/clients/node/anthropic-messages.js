// Anthropic's TypeScript SDK, Messages.

import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";

import * as harness from "./harness.js";
import { expect, gather, holds } from "./harness.js";

const Person = z.object({ name: z.string(), age: z.number() });
const tools = Object.entries(harness.TOOLS).map(([name, { description, schema }]) => ({
  name,
  description,
  input_schema: schema,
}));
const blocks = (message, type) => message.content.filter((block) => block.type === type);
const text = (message) => blocks(message, "text").map((block) => block.text).join("");
const thinking = (message) => blocks(message, "thinking").map((block) => block.thinking).join("");
const called = (message) => blocks(message, "tool_use").map((call) => [call.name, call.input]);
const ids = (message) => blocks(message, "tool_use").map((call) => call.id);
// The API tells what was read from and written to the cache apart.
const input = (usage) =>
  usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
const THINKING = { thinking: { type: "enabled", budget_tokens: 1024 }, max_tokens: 4096 };

class Driver {
  static PACKAGE = "@anthropic-ai/sdk";
  static LACKS = { embeddings: "the API has no embeddings" };

  constructor(job) {
    this.job = job;
    this.client = this.connect(job.key);
  }

  connect(apiKey) {
    return new Anthropic({ baseURL: this.job.url, apiKey, maxRetries: 0, timeout: 20_000 });
  }

  request(cell, content, more = {}) {
    const isTurns = Array.isArray(content) && content.every((it) => it.role);
    const messages = isTurns ? content : [{ role: "user", content }];
    return { model: cell.model, max_tokens: 1024, messages, ...more };
  }

  create(cell, content, more) {
    return this.client.messages.create(this.request(cell, content, more));
  }

  async plain(cell) {
    let answer = await this.create(cell, cell.prompt(`[[say=${harness.SAY}]]`));
    cell.expectText(text(answer));
    expect("stop reason", answer.stop_reason, "end_turn");
    answer = await this.create(cell, cell.prompt("[[repeat=system]]"), { system: harness.SYSTEM });
    cell.expectText(text(answer), harness.SYSTEM);
  }

  async stream(cell) {
    const stream = this.client.messages.stream(this.request(cell, cell.prompt(`[[say=${harness.SAY}]]`)));
    const pieces = [];
    stream.on("text", (piece) => pieces.push(piece));
    const message = await stream.finalMessage();
    cell.expectStream(pieces);
    cell.expectText(text(message));
    expect("stop reason", message.stop_reason, "end_turn");
  }

  async parallel_tools(cell) {
    const prompt = cell.prompt("[[call=2]]");
    const answer = await this.create(cell, prompt, { tools });
    cell.expectCalls(called(answer), ids(answer));
    expect("stop reason", answer.stop_reason, "tool_use");
    const message = await this.client.messages.stream(this.request(cell, prompt, { tools })).finalMessage();
    cell.expectCalls(called(message), ids(message));
    expect("stop reason of the stream", message.stop_reason, "tool_use");
  }

  async tool_result_turn(cell) {
    const prompt = { role: "user", content: cell.prompt("[[call=2]]") };
    const first = await this.create(cell, [prompt], { tools });
    const results = blocks(first, "tool_use").map((call) => ({
      type: "tool_result",
      tool_use_id: call.id,
      content: harness.RESULTS[call.name],
    }));
    const turns = [prompt, { role: "assistant", content: first.content }, { role: "user", content: results }];
    cell.expectResults(text(await this.create(cell, turns, { tools })));
  }

  async structured_output(cell) {
    const output_config = { format: zodOutputFormat(Person) };
    const answer = await this.client.messages.parse(this.request(cell, cell.prompt("Who?"), { output_config }));
    const { name, age } = answer.parsed_output;
    holds(`parsed ${name}, ${age}`, name === "name-1" && age >= 1);
  }

  async image_input(cell) {
    const source = { type: "base64", media_type: "image/png", data: harness.PNG };
    const content = [{ type: "image", source }, { type: "text", text: cell.prompt("[[repeat=images]]") }];
    const answer = await this.create(cell, [{ role: "user", content }]);
    cell.expectText(text(answer), harness.pictureAsTold(harness.PNG));
  }

  async reasoning(cell) {
    const prompt = cell.prompt(`[[say=${harness.SAY}]]`);
    const answer = await this.create(cell, prompt, THINKING);
    cell.expectText(text(answer));
    expect("thinking", thinking(answer), harness.REASONING);
    const message = await this.client.messages.stream(this.request(cell, prompt, THINKING)).finalMessage();
    expect("thinking of the stream", thinking(message), harness.REASONING);
    cell.expectText(text(message));
  }

  async list_models(cell) {
    const listed = await gather(this.client.models.list({ limit: 1000 }));
    holds("the model is not listed", listed.some((model) => model.id === cell.model));
    expect("the model by name", (await this.client.models.retrieve(cell.model)).id, cell.model);
  }

  async count_tokens(cell) {
    const count = async (content) => {
      const messages = [{ role: "user", content }];
      return (await this.client.messages.countTokens({ model: cell.model, messages })).input_tokens;
    };
    await cell.expectCount(count, (prompt) => this.create(cell, prompt));
  }

  bad_key(cell) {
    const call = () => this.connect(harness.BAD_KEY).messages.create(this.request(cell, "x"));
    return cell.raises(Anthropic.AuthenticationError, { status: 401, message: "authentication_error" }, call);
  }

  bad_request(cell) {
    const call = () => this.client.messages.create(this.request(cell, "x", { messages: "text" }));
    return cell.raises(Anthropic.BadRequestError, { status: 400, message: "invalid_request_error" }, call);
  }

  not_found(cell) {
    const call = () => this.client.messages.create(this.request(cell, "x", { model: harness.NO_SUCH_MODEL }));
    return cell.raises(Anthropic.NotFoundError, { status: 404, message: "not_found_error" }, call);
  }

  rate_limited(cell) {
    const call = () => this.create(cell, cell.prompt("[[fail=429]]"));
    return cell.raises(Anthropic.RateLimitError, { status: 429, message: "rate_limit_error" }, call);
  }

  overloaded(cell) {
    const call = () => this.create(cell, cell.prompt("[[fail=503]]"));
    return cell.raises(Anthropic.InternalServerError, { status: harness.OVERLOADED }, call);
  }

  context_length(cell) {
    const call = () => this.create(cell, cell.prompt("[[fail=context]]"));
    return cell.raises(Anthropic.BadRequestError, { status: 400, message: "invalid_request_error" }, call);
  }

  async cancel(cell) {
    for await (const event of await this.create(cell, cell.prompt("[[drip]]"), { stream: true })) {
      if (event.type === "content_block_delta" && event.delta.text?.includes("drop 2")) {
        break;
      }
    }
    await cell.expectLeft();
  }

  async usage(cell) {
    const prompt = cell.prompt("[[say=one two three]]");
    const whole = await this.create(cell, prompt);
    const streamed = await this.client.messages.stream(this.request(cell, prompt)).finalMessage();
    await cell.expectUsage([whole, streamed].map(({ usage }) => [input(usage), usage.output_tokens]));
  }
}

await harness.run(Driver);
