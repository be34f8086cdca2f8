// OpenAI's Node SDK, Responses.

import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

import * as harness from "./harness.js";
import { expect, gather, holds } from "./harness.js";

const Person = z.object({ name: z.string(), age: z.number() });
const tools = Object.entries(harness.TOOLS).map(([name, { description, schema }]) => ({
  type: "function",
  name,
  description,
  parameters: schema,
  strict: false,
}));
const calls = (answer) => answer.output.filter((item) => item.type === "function_call");
const called = (answer) => calls(answer).map((call) => [call.name, JSON.parse(call.arguments)]);
const ids = (answer) => calls(answer).map((call) => call.call_id);
const deltas = (events, ...types) => events.filter((event) => types.includes(event.type)).map((event) => event.delta);

// The text of the reasoning items, as summary or in the open.
function summary(answer) {
  const items = answer.output.filter((item) => item.type === "reasoning");
  return items
    .flatMap((item) => [...(item.summary ?? []), ...(item.content ?? [])])
    .map((part) => part.text)
    .join("");
}

class Driver {
  static PACKAGE = "openai";
  static LACKS = {
    embeddings: "shown by the client's chat row; the API has one call for both",
    list_models: "shown by the client's chat row; the API has one call for both",
    count_tokens: "not part of what the gateway serves of this API",
  };

  constructor(job) {
    this.job = job;
    this.client = this.connect(job.key);
  }

  connect(apiKey) {
    return new OpenAI({ baseURL: `${this.job.url}/v1`, apiKey, maxRetries: 0, timeout: 20_000 });
  }

  create(cell, input, more = {}) {
    return this.client.responses.create({ model: cell.model, input, store: false, ...more });
  }

  async plain(cell) {
    let answer = await this.create(cell, cell.prompt(`[[say=${harness.SAY}]]`));
    cell.expectText(answer.output_text);
    expect("status", answer.status, "completed");
    answer = await this.create(cell, cell.prompt("[[repeat=system]]"), { instructions: harness.SYSTEM });
    cell.expectText(answer.output_text, harness.SYSTEM);
  }

  async stream(cell) {
    const events = await gather(await this.create(cell, cell.prompt(`[[say=${harness.SAY}]]`), { stream: true }));
    cell.expectStream(deltas(events, "response.output_text.delta"));
    const numbers = events.map((event) => event.sequence_number);
    expect("numbers", numbers, numbers.map((_, index) => index));
    expect("last event", events.at(-1).type, "response.completed");
  }

  async parallel_tools(cell) {
    const answer = await this.create(cell, cell.prompt("[[call=2]]"), { tools });
    cell.expectCalls(called(answer), ids(answer));
    const stream = this.client.responses.stream({ model: cell.model, input: cell.prompt("[[call=2]]"), tools });
    const whole = await stream.finalResponse();
    cell.expectCalls(called(whole), ids(whole));
  }

  async tool_result_turn(cell) {
    const prompt = cell.prompt("[[call=2]]");
    const first = await this.create(cell, prompt, { tools });
    const results = calls(first).map((call) => ({
      type: "function_call_output",
      call_id: call.call_id,
      output: harness.RESULTS[call.name],
    }));
    const answer = await this.create(cell, [{ role: "user", content: prompt }, ...first.output, ...results], { tools });
    cell.expectResults(answer.output_text);
  }

  async structured_output(cell) {
    const text = { format: zodTextFormat(Person, "person") };
    const answer = await this.client.responses.parse({ model: cell.model, input: cell.prompt("Who?"), text });
    const { name, age } = answer.output_parsed;
    holds(`parsed ${name}, ${age}`, name === "name-1" && age >= 1);
  }

  async image_input(cell) {
    const image_url = `data:image/png;base64,${harness.PNG}`;
    const content = [
      { type: "input_text", text: cell.prompt("[[repeat=images]]") },
      { type: "input_image", image_url, detail: "auto" },
    ];
    const answer = await this.create(cell, [{ role: "user", content }]);
    cell.expectText(answer.output_text, harness.pictureAsTold(harness.PNG));
  }

  async reasoning(cell) {
    const [prompt, reasoning] = [cell.prompt(`[[say=${harness.SAY}]]`), { effort: "low", summary: "auto" }];
    const answer = await this.create(cell, prompt, { reasoning });
    cell.expectText(answer.output_text);
    expect("reasoning", summary(answer), harness.REASONING);
    const events = await gather(await this.create(cell, prompt, { reasoning, stream: true }));
    const pieces = deltas(events, "response.reasoning_summary_text.delta", "response.reasoning_text.delta");
    expect("reasoning of the stream", pieces.join(""), harness.REASONING);
  }

  bad_key(cell) {
    const call = () => this.connect(harness.BAD_KEY).responses.create({ model: cell.model, input: "x" });
    return cell.raises(OpenAI.AuthenticationError, { status: 401, code: "invalid_api_key" }, call);
  }

  bad_request(cell) {
    const call = () => this.client.responses.create({ model: cell.model, input: 5 });
    return cell.raises(OpenAI.BadRequestError, { status: 400 }, call);
  }

  not_found(cell) {
    const call = () => this.client.responses.create({ model: harness.NO_SUCH_MODEL, input: "x" });
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
    for await (const event of await this.create(cell, cell.prompt("[[drip]]"), { stream: true })) {
      if (event.type === "response.output_text.delta" && event.delta.includes("drop 2")) {
        break;
      }
    }
    await cell.expectLeft();
  }

  async usage(cell) {
    const prompt = cell.prompt("[[say=one two three]]");
    const whole = await this.create(cell, prompt);
    const events = await gather(await this.create(cell, prompt, { stream: true }));
    const told = [whole.usage, events.at(-1).response.usage];
    await cell.expectUsage(told.map((usage) => [usage.input_tokens, usage.output_tokens]));
  }
}

await harness.run(Driver);
