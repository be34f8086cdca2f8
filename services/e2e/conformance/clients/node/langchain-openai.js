// LangChain's OpenAI integration for JavaScript, Chat Completions and embeddings.

import { AIMessageChunk, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";

import * as harness from "./harness.js";
import { expect, gather, holds } from "./harness.js";

const tools = Object.entries(harness.TOOLS).map(([name, { description, schema }]) => ({
  type: "function",
  function: { name, description, parameters: schema },
}));
const called = (message) => message.tool_calls.map((call) => [call.name, call.args]);
const ids = (message) => message.tool_calls.map((call) => call.id);
const whole = (chunks) => chunks.reduce((sum, chunk) => sum.concat(chunk), new AIMessageChunk(""));
const tokens = (message) => [message.usage_metadata.input_tokens, message.usage_metadata.output_tokens];
// The integration brings a copy of the SDK of its own, so that its classes are known by their names.
const named = (name) => ({ name, isInstance: (error) => error.constructor.name === name || error.name === name });

class Driver {
  static PACKAGE = "@langchain/openai";
  static LACKS = {
    reasoning: "the client reads no reasoning from Chat Completions",
    list_models: "the client has no such call",
    count_tokens: "the client counts by itself",
  };

  constructor(job) {
    this.job = job;
    this.configuration = { baseURL: `${job.url}/v1` };
  }

  chat(cell, more = {}) {
    const settings = { model: cell.model, apiKey: this.job.key, maxRetries: 0, timeout: 20_000, ...more };
    return new ChatOpenAI({ ...settings, configuration: this.configuration });
  }

  async plain(cell) {
    cell.expectText((await this.chat(cell).invoke(cell.prompt(`[[say=${harness.SAY}]]`))).text);
    const turns = [new SystemMessage(harness.SYSTEM), new HumanMessage(cell.prompt("[[repeat=system]]"))];
    cell.expectText((await this.chat(cell).invoke(turns)).text, harness.SYSTEM);
  }

  async stream(cell) {
    const chunks = await gather(await this.chat(cell).stream(cell.prompt(`[[say=${harness.SAY}]]`)));
    cell.expectStream(chunks.map((chunk) => chunk.text).filter(Boolean));
  }

  async parallel_tools(cell) {
    const [model, prompt] = [this.chat(cell).bindTools(tools), cell.prompt("[[call=2]]")];
    const message = await model.invoke(prompt);
    cell.expectCalls(called(message), ids(message));
    const streamed = whole(await gather(await model.stream(prompt)));
    cell.expectCalls(called(streamed), ids(streamed));
  }

  async tool_result_turn(cell) {
    const [model, prompt] = [this.chat(cell).bindTools(tools), new HumanMessage(cell.prompt("[[call=2]]"))];
    const first = await model.invoke([prompt]);
    const results = first.tool_calls.map(
      (call) => new ToolMessage({ content: harness.RESULTS[call.name], tool_call_id: call.id }),
    );
    cell.expectResults((await model.invoke([prompt, first, ...results])).text);
  }

  async structured_output(cell) {
    const model = this.chat(cell).withStructuredOutput(harness.PERSON, { name: "person", method: "jsonSchema" });
    expect("parsed", await model.invoke(cell.prompt("Who?")), harness.PERSON_VALUE);
  }

  async image_input(cell) {
    const content = [
      { type: "text", text: cell.prompt("[[repeat=images]]") },
      { type: "image_url", image_url: { url: `data:image/png;base64,${harness.PNG}` } },
    ];
    const answer = await this.chat(cell).invoke([new HumanMessage({ content })]);
    cell.expectText(answer.text, harness.pictureAsTold(harness.PNG));
  }

  async embeddings(cell) {
    const { configuration } = this;
    const settings = { model: cell.embeddingModel, apiKey: this.job.key, dimensions: 16, maxRetries: 0 };
    const client = new OpenAIEmbeddings({ ...settings, configuration });
    cell.expectVectors(await client.embedDocuments(["one", "two"]), 2, 16);
  }

  bad_key(cell) {
    return cell.raises(named("AuthenticationError"), {}, () => this.chat(cell, { apiKey: harness.BAD_KEY }).invoke("x"));
  }

  bad_request(cell) {
    return cell.raises(named("BadRequestError"), {}, () => this.chat(cell, { maxTokens: "many" }).invoke("x"));
  }

  not_found(cell) {
    return cell.raises(named("NotFoundError"), {}, () => this.chat(cell, { model: harness.NO_SUCH_MODEL }).invoke("x"));
  }

  rate_limited(cell) {
    return cell.raises(named("RateLimitError"), {}, () => this.chat(cell).invoke(cell.prompt("[[fail=429]]")));
  }

  overloaded(cell) {
    return cell.raises(named("InternalServerError"), {}, () => this.chat(cell).invoke(cell.prompt("[[fail=503]]")));
  }

  context_length(cell) {
    const call = () => this.chat(cell).invoke(cell.prompt("[[fail=context]]"));
    return cell.raises(named("ContextOverflowError"), {}, call);
  }

  async cancel(cell) {
    for await (const chunk of await this.chat(cell).stream(cell.prompt("[[drip]]"))) {
      if (chunk.text.includes("drop 2")) {
        break;
      }
    }
    await cell.expectLeft();
  }

  async usage(cell) {
    const prompt = cell.prompt("[[say=one two three]]");
    const message = await this.chat(cell).invoke(prompt);
    const streamed = whole(await gather(await this.chat(cell).stream(prompt)));
    holds("no usage in the stream", streamed.usage_metadata);
    await cell.expectUsage([tokens(message), tokens(streamed)]);
  }
}

await harness.run(Driver);
