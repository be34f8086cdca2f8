// OpenRouter's TypeScript SDK: Chat Completions with what OpenRouter adds, through the paths it has there.

import { OpenRouter } from "@openrouter/sdk";
import * as errors from "@openrouter/sdk/models/errors";

import * as harness from "./harness.js";
import { expect, gather, holds } from "./harness.js";

const user = (content) => ({ role: "user", content });
const tools = Object.entries(harness.TOOLS).map(([name, { description, schema }]) => ({
  type: "function",
  function: { name, description, parameters: schema },
}));
const called = (calls) => calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]);
const ids = (calls) => calls.map((call) => call.id);

class Driver {
  static PACKAGE = "@openrouter/sdk";
  static LACKS = { count_tokens: "the API has no such call" };

  constructor(job) {
    this.job = job;
    this.client = this.connect(job.key);
  }

  connect(apiKey) {
    const retryConfig = { strategy: "none" };
    return new OpenRouter({ serverURL: `${this.job.url}/api/v1`, apiKey, retryConfig, timeoutMs: 20_000 });
  }

  send(cell, messages, more = {}) {
    return this.client.chat.send({ chatRequest: { model: cell.model, messages, ...more } });
  }

  say(cell, order, more = {}) {
    return this.send(cell, [user(cell.prompt(order))], more);
  }

  async plain(cell) {
    // Wishes that change nothing here: they are taken out before a provider sees them.
    const provider = { sort: "price", allowFallbacks: true };
    let answer = await this.say(cell, `[[say=${harness.SAY}]]`, { provider });
    cell.expectText(answer.choices[0].message.content);
    expect("finish reason", answer.choices[0].finishReason, "stop");
    const system = { role: "system", content: harness.SYSTEM };
    answer = await this.send(cell, [system, user(cell.prompt("[[repeat=system]]"))]);
    cell.expectText(answer.choices[0].message.content, harness.SYSTEM);
  }

  async stream(cell) {
    const chunks = await gather(await this.say(cell, `[[say=${harness.SAY}]]`, { stream: true }));
    const choices = chunks.flatMap((chunk) => chunk.choices);
    cell.expectStream(choices.map((choice) => choice.delta.content).filter(Boolean));
    expect("finish reasons", choices.map((choice) => choice.finishReason).filter(Boolean), ["stop"]);
  }

  async parallel_tools(cell) {
    const answer = await this.say(cell, "[[call=2]]", { tools });
    const calls = answer.choices[0].message.toolCalls;
    cell.expectCalls(called(calls), ids(calls));
    expect("finish reason", answer.choices[0].finishReason, "tool_calls");
    const chunks = await gather(await this.say(cell, "[[call=2]]", { tools, stream: true }));
    const built = [];
    for (const delta of chunks.flatMap((chunk) => chunk.choices).flatMap((it) => it.delta.toolCalls ?? [])) {
      built[delta.index] ??= { id: "", function: { name: "", arguments: "" } };
      const call = built[delta.index];
      call.id ||= delta.id ?? "";
      call.function.name += delta.function?.name ?? "";
      call.function.arguments += delta.function?.arguments ?? "";
    }
    cell.expectCalls(called(built), ids(built));
  }

  async tool_result_turn(cell) {
    const prompt = user(cell.prompt("[[call=2]]"));
    const { message } = (await this.send(cell, [prompt], { tools })).choices[0];
    const results = message.toolCalls.map((call) => ({
      role: "tool",
      toolCallId: call.id,
      content: harness.RESULTS[call.function.name],
    }));
    const answer = await this.send(cell, [prompt, message, ...results], { tools });
    cell.expectResults(answer.choices[0].message.content);
  }

  async structured_output(cell) {
    const jsonSchema = { name: "person", strict: true, schema: harness.PERSON };
    const responseFormat = { type: "json_schema", jsonSchema };
    const answer = await this.say(cell, "Who?", { responseFormat });
    expect("structured output", JSON.parse(answer.choices[0].message.content), harness.PERSON_VALUE);
  }

  async image_input(cell) {
    const content = [
      { type: "text", text: cell.prompt("[[repeat=images]]") },
      { type: "image_url", imageUrl: { url: `data:image/png;base64,${harness.PNG}` } },
    ];
    const answer = await this.send(cell, [user(content)]);
    cell.expectText(answer.choices[0].message.content, harness.pictureAsTold(harness.PNG));
  }

  async reasoning(cell) {
    const effort = { reasoning: { effort: "low" } };
    const answer = await this.say(cell, `[[say=${harness.SAY}]]`, effort);
    const { message } = answer.choices[0];
    cell.expectText(message.content);
    expect("reasoning", message.reasoning, harness.REASONING);
    cell.expectReasoningTokens(answer.usage.completionTokensDetails?.reasoningTokens);
    const chunks = await gather(await this.say(cell, `[[say=${harness.SAY}]]`, { ...effort, stream: true }));
    const deltas = chunks.flatMap((chunk) => chunk.choices).map((choice) => choice.delta);
    const thought = deltas.map((delta) => delta.reasoning ?? "").join("");
    expect("reasoning of the stream", thought, harness.REASONING);
    cell.expectStream(deltas.map((delta) => delta.content).filter(Boolean));
  }

  async embeddings(cell) {
    const requestBody = { model: cell.embeddingModel, input: ["one", "two"], dimensions: 16 };
    const answer = await this.client.embeddings.generate({ requestBody });
    cell.expectVectors(answer.data.map((item) => item.embedding), 2, 16);
  }

  async list_models(cell) {
    const pages = await gather(await this.client.models.list());
    const listed = pages.flatMap((page) => page.result.data);
    const found = listed.find((model) => model.id === cell.model);
    holds("the model is not listed", found !== undefined);
    holds("no context length", found.contextLength === null || found.contextLength > 0);
  }

  bad_key(cell) {
    const messages = [user("x")];
    const call = () => this.connect(harness.BAD_KEY).chat.send({ chatRequest: { model: cell.model, messages } });
    return cell.raises(errors.UnauthorizedResponseError, { statusCode: 401 }, call);
  }

  bad_request(cell) {
    const call = () => this.say(cell, "x", { provider: { quantizations: ["int4"], maxPrice: { prompt: "-1" } } });
    return cell.raises(errors.BadRequestResponseError, { statusCode: 400, message: "max_price" }, call);
  }

  not_found(cell) {
    const call = () => this.send({ model: harness.NO_SUCH_MODEL }, [user("x")]);
    return cell.raises(errors.NotFoundResponseError, { statusCode: 404, message: "model" }, call);
  }

  rate_limited(cell) {
    const call = () => this.say(cell, "[[fail=429]]");
    return cell.raises(errors.TooManyRequestsResponseError, { statusCode: 429 }, call);
  }

  overloaded(cell) {
    const call = () => this.say(cell, "[[fail=503]]");
    return cell.raises(errors.OpenRouterError, { statusCode: harness.OVERLOADED }, call);
  }

  context_length(cell) {
    const call = () => this.say(cell, "[[fail=context]]");
    return cell.raises(errors.BadRequestResponseError, { statusCode: 400 }, call);
  }

  async cancel(cell) {
    for await (const chunk of await this.say(cell, "[[drip]]", { stream: true })) {
      if (chunk.choices[0]?.delta.content?.includes("drop 2")) {
        break;
      }
    }
    await cell.expectLeft();
  }

  async usage(cell) {
    const order = "[[say=one two three]]";
    const whole = await this.say(cell, order);
    const chunks = await gather(await this.say(cell, order, { stream: true, streamOptions: { includeUsage: true } }));
    const told = [whole.usage, ...chunks.map((chunk) => chunk.usage).filter(Boolean)];
    await cell.expectUsage(told.map((usage) => [usage.promptTokens, usage.completionTokens]));
  }
}

await harness.run(Driver);
