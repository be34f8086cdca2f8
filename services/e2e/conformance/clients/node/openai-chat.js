// OpenAI's Node SDK, Chat Completions and embeddings.

import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

import * as harness from "./harness.js";
import { expect, gather, holds } from "./harness.js";

const Person = z.object({ name: z.string(), age: z.number() });
const user = (content) => ({ role: "user", content });
const tools = Object.entries(harness.TOOLS).map(([name, { description, schema }]) => ({
  type: "function",
  function: { name, description, parameters: schema },
}));
const called = (calls) => calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]);
const ids = (calls) => calls.map((call) => call.id);

class Driver {
  static PACKAGE = "openai";
  static LACKS = { count_tokens: "the API has no such call" };

  constructor(job) {
    this.job = job;
    this.client = this.connect(job.key);
  }

  connect(apiKey) {
    return new OpenAI({ baseURL: `${this.job.url}/v1`, apiKey, maxRetries: 0, timeout: 20_000 });
  }

  create(cell, content, more = {}) {
    return this.client.chat.completions.create({ model: cell.model, messages: [user(content)], ...more });
  }

  async plain(cell) {
    let answer = await this.create(cell, cell.prompt(`[[say=${harness.SAY}]]`));
    cell.expectText(answer.choices[0].message.content);
    expect("finish reason", answer.choices[0].finish_reason, "stop");
    const messages = [{ role: "system", content: harness.SYSTEM }, user(cell.prompt("[[repeat=system]]"))];
    answer = await this.client.chat.completions.create({ model: cell.model, messages });
    cell.expectText(answer.choices[0].message.content, harness.SYSTEM);
  }

  async stream(cell) {
    const chunks = await gather(await this.create(cell, cell.prompt(`[[say=${harness.SAY}]]`), { stream: true }));
    const choices = chunks.flatMap((chunk) => chunk.choices);
    cell.expectStream(choices.map((choice) => choice.delta.content).filter(Boolean));
    expect("finish reasons", choices.map((choice) => choice.finish_reason).filter(Boolean), ["stop"]);
  }

  async parallel_tools(cell) {
    const messages = [user(cell.prompt("[[call=2]]"))];
    const answer = await this.client.chat.completions.create({ model: cell.model, messages, tools });
    let calls = answer.choices[0].message.tool_calls;
    cell.expectCalls(called(calls), ids(calls));
    expect("finish reason", answer.choices[0].finish_reason, "tool_calls");
    const stream = this.client.chat.completions.stream({ model: cell.model, messages, tools });
    const [choice] = (await stream.finalChatCompletion()).choices;
    calls = choice.message.tool_calls;
    cell.expectCalls(called(calls), ids(calls));
    expect("finish reason of the stream", choice.finish_reason, "tool_calls");
  }

  async tool_result_turn(cell) {
    const prompt = user(cell.prompt("[[call=2]]"));
    const first = await this.client.chat.completions.create({ model: cell.model, messages: [prompt], tools });
    const { message } = first.choices[0];
    const results = message.tool_calls.map((call) => ({
      role: "tool",
      tool_call_id: call.id,
      content: harness.RESULTS[call.function.name],
    }));
    const messages = [prompt, message, ...results];
    const answer = await this.client.chat.completions.create({ model: cell.model, messages, tools });
    cell.expectResults(answer.choices[0].message.content);
  }

  async structured_output(cell) {
    const messages = [user(cell.prompt("Who?"))];
    const response_format = zodResponseFormat(Person, "person");
    const answer = await this.client.chat.completions.parse({ model: cell.model, messages, response_format });
    const { name, age } = answer.choices[0].message.parsed;
    holds(`parsed ${name}, ${age}`, name === "name-1" && age >= 1);
  }

  async image_input(cell) {
    const url = `data:image/png;base64,${harness.PNG}`;
    const parts = [
      { type: "text", text: cell.prompt("[[repeat=images]]") },
      { type: "image_url", image_url: { url } },
    ];
    const answer = await this.create(cell, parts);
    cell.expectText(answer.choices[0].message.content, harness.pictureAsTold(harness.PNG));
  }

  async reasoning(cell) {
    const prompt = cell.prompt(`[[say=${harness.SAY}]]`);
    const answer = await this.create(cell, prompt, { reasoning_effort: "low" });
    const { message } = answer.choices[0];
    cell.expectText(message.content);
    expect("reasoning", message.reasoning_content, harness.REASONING);
    cell.expectReasoningTokens(answer.usage.completion_tokens_details?.reasoning_tokens);
    const chunks = await gather(await this.create(cell, prompt, { reasoning_effort: "low", stream: true }));
    const deltas = chunks.flatMap((chunk) => chunk.choices).map((choice) => choice.delta);
    const thought = deltas.map((delta) => delta.reasoning_content ?? "").join("");
    expect("reasoning of the stream", thought, harness.REASONING);
    cell.expectStream(deltas.map((delta) => delta.content).filter(Boolean));
  }

  async embeddings(cell) {
    const input = ["one", "two"];
    const answer = await this.client.embeddings.create({ model: cell.embeddingModel, input, dimensions: 16 });
    cell.expectVectors(answer.data.map((item) => item.embedding), 2, 16);
    holds("no usage", answer.usage.prompt_tokens > 0);
  }

  async list_models(cell) {
    const listed = await gather(this.client.models.list());
    holds("the model is not listed", listed.some((model) => model.id === cell.model));
    expect("the model by name", (await this.client.models.retrieve(cell.model)).id, cell.model);
  }

  bad_key(cell) {
    const call = () =>
      this.connect(harness.BAD_KEY).chat.completions.create({ model: cell.model, messages: [user("x")] });
    return cell.raises(OpenAI.AuthenticationError, { status: 401, code: "invalid_api_key" }, call);
  }

  bad_request(cell) {
    const call = () => this.client.chat.completions.create({ model: cell.model, messages: "text" });
    return cell.raises(OpenAI.BadRequestError, { status: 400, param: "messages" }, call);
  }

  not_found(cell) {
    const messages = [user("x")];
    const call = () => this.client.chat.completions.create({ model: harness.NO_SUCH_MODEL, messages });
    return cell.raises(OpenAI.NotFoundError, { status: 404, code: "model_not_found" }, call);
  }

  rate_limited(cell) {
    const call = () => this.create(cell, cell.prompt("[[fail=429]]"));
    return cell.raises(OpenAI.RateLimitError, { status: 429 }, call);
  }

  overloaded(cell) {
    const call = () => this.create(cell, cell.prompt("[[fail=503]]"));
    return cell.raises(OpenAI.InternalServerError, { status: harness.OVERLOADED }, call);
  }

  context_length(cell) {
    const call = () => this.create(cell, cell.prompt("[[fail=context]]"));
    return cell.raises(OpenAI.BadRequestError, { status: 400, code: "context_length_exceeded" }, call);
  }

  async cancel(cell) {
    for await (const chunk of await this.create(cell, cell.prompt("[[drip]]"), { stream: true })) {
      if (chunk.choices[0]?.delta.content?.includes("drop 2")) {
        break;
      }
    }
    await cell.expectLeft();
  }

  async usage(cell) {
    const prompt = cell.prompt("[[say=one two three]]");
    const whole = await this.create(cell, prompt);
    const stream_options = { include_usage: true };
    const chunks = await gather(await this.create(cell, prompt, { stream: true, stream_options }));
    const told = [whole.usage, ...chunks.map((chunk) => chunk.usage).filter(Boolean)];
    await cell.expectUsage(told.map((usage) => [usage.prompt_tokens, usage.completion_tokens]));
  }
}

await harness.run(Driver);
