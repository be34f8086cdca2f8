// Google's JavaScript SDK, generateContent of the Gemini API.

import { ApiError, GoogleGenAI } from "@google/genai";

import * as harness from "./harness.js";
import { expect, gather, holds } from "./harness.js";

const tools = [
  {
    functionDeclarations: Object.entries(harness.TOOLS).map(([name, { description, schema }]) => ({
      name,
      description,
      parametersJsonSchema: schema,
    })),
  },
];
const parts = (answer) => answer.candidates?.[0]?.content?.parts ?? [];
const join = (found) => found.map((part) => part.text).join("");
const text = (answer) => join(parts(answer).filter((part) => part.text && !part.thought));
const thought = (answer) => join(parts(answer).filter((part) => part.text && part.thought));
const calls = (answer) => parts(answer).flatMap((part) => part.functionCall ?? []);
const called = (answers) => answers.flatMap(calls).map((call) => [call.name, call.args]);
// The API tells thoughts apart.
const tokens = (usage) => [
  usage.promptTokenCount,
  (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0),
];

class Driver {
  static PACKAGE = "@google/genai";
  static LACKS = {};

  constructor(job) {
    this.job = job;
    this.client = this.connect(job.key);
  }

  connect(apiKey) {
    return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: this.job.url, timeout: 20_000 } });
  }

  create(cell, contents, config = {}) {
    return this.client.models.generateContent({ model: cell.model, contents, config });
  }

  streamed(cell, contents, config = {}) {
    return this.client.models.generateContentStream({ model: cell.model, contents, config });
  }

  async plain(cell) {
    let answer = await this.create(cell, cell.prompt(`[[say=${harness.SAY}]]`));
    cell.expectText(answer.text);
    expect("finish reason", answer.candidates[0].finishReason, "STOP");
    answer = await this.create(cell, cell.prompt("[[repeat=system]]"), { systemInstruction: harness.SYSTEM });
    cell.expectText(answer.text, harness.SYSTEM);
  }

  async stream(cell) {
    const chunks = await gather(await this.streamed(cell, cell.prompt(`[[say=${harness.SAY}]]`)));
    cell.expectStream(chunks.map(text).filter(Boolean));
    expect("finish reason", chunks.at(-1).candidates[0].finishReason, "STOP");
  }

  // The API need not give ids.
  async parallel_tools(cell) {
    const prompt = cell.prompt("[[call=2]]");
    cell.expectCalls(called([await this.create(cell, prompt, { tools })]));
    cell.expectCalls(called(await gather(await this.streamed(cell, prompt, { tools }))));
  }

  async tool_result_turn(cell) {
    const prompt = cell.prompt("[[call=2]]");
    const first = await this.create(cell, prompt, { tools });
    const results = calls(first).map(({ id, name }) => ({
      functionResponse: { id, name, response: { result: harness.RESULTS[name] } },
    }));
    const turns = [
      { role: "user", parts: [{ text: prompt }] },
      first.candidates[0].content,
      { role: "user", parts: results },
    ];
    cell.expectResults((await this.create(cell, turns, { tools })).text);
  }

  async structured_output(cell) {
    const config = { responseMimeType: "application/json", responseJsonSchema: harness.PERSON };
    expect("answer", JSON.parse((await this.create(cell, cell.prompt("Who?"), config)).text), harness.PERSON_VALUE);
  }

  async image_input(cell) {
    const picture = { inlineData: { mimeType: "image/png", data: harness.PNG } };
    const turns = [{ role: "user", parts: [picture, { text: cell.prompt("[[repeat=images]]") }] }];
    cell.expectText((await this.create(cell, turns)).text, harness.pictureAsTold(harness.PNG));
  }

  async reasoning(cell) {
    const prompt = cell.prompt(`[[say=${harness.SAY}]]`);
    const config = { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } };
    const answer = await this.create(cell, prompt, config);
    cell.expectText(text(answer));
    expect("thoughts", thought(answer), harness.REASONING);
    const chunks = await gather(await this.streamed(cell, prompt, config));
    expect("thoughts of the stream", chunks.map(thought).join(""), harness.REASONING);
    cell.expectText(chunks.map(text).join(""));
  }

  async embeddings(cell) {
    const contents = ["one", "two"];
    const config = { outputDimensionality: 16 };
    const answer = await this.client.models.embedContent({ model: cell.embeddingModel, contents, config });
    cell.expectVectors(answer.embeddings.map((item) => item.values), 2, 16);
  }

  async list_models(cell) {
    const listed = await gather(await this.client.models.list());
    holds("the model is not listed", listed.some((model) => model.name === `models/${cell.model}`));
    const one = await this.client.models.get({ model: cell.model });
    expect("the model by name", one.name, `models/${cell.model}`);
  }

  async count_tokens(cell) {
    const count = async (contents) =>
      (await this.client.models.countTokens({ model: cell.model, contents })).totalTokens;
    await cell.expectCount(count, (prompt) => this.create(cell, prompt));
  }

  bad_key(cell) {
    const call = () => this.connect(harness.BAD_KEY).models.generateContent({ model: cell.model, contents: "x" });
    // As the client's own service answers.
    return cell.raises(ApiError, { status: 400, message: "API_KEY_INVALID" }, call);
  }

  bad_request(cell) {
    const call = () => this.create(cell, "x", { httpOptions: { extraBody: { contents: "text" } } });
    return cell.raises(ApiError, { status: 400, message: "INVALID_ARGUMENT" }, call);
  }

  not_found(cell) {
    const call = () => this.client.models.generateContent({ model: harness.NO_SUCH_MODEL, contents: "x" });
    return cell.raises(ApiError, { status: 404, message: "NOT_FOUND" }, call);
  }

  rate_limited(cell) {
    const call = () => this.create(cell, cell.prompt("[[fail=429]]"));
    return cell.raises(ApiError, { status: 429, message: "RESOURCE_EXHAUSTED" }, call);
  }

  overloaded(cell) {
    return cell.raises(ApiError, { status: 503 }, () => this.create(cell, cell.prompt("[[fail=503]]")));
  }

  context_length(cell) {
    const call = () => this.create(cell, cell.prompt("[[fail=context]]"));
    return cell.raises(ApiError, { status: 400, message: "INVALID_ARGUMENT" }, call);
  }

  async cancel(cell) {
    const leaving = new AbortController();
    try {
      for await (const chunk of await this.streamed(cell, cell.prompt("[[drip]]"), { abortSignal: leaving.signal })) {
        if (text(chunk).includes("drop 2")) {
          leaving.abort();
          break;
        }
      }
    } catch (error) {
      holds(`${error}`, leaving.signal.aborted);
    }
    await cell.expectLeft();
  }

  async usage(cell) {
    const prompt = cell.prompt("[[say=one two three]]");
    const whole = await this.create(cell, prompt);
    const chunks = await gather(await this.streamed(cell, prompt));
    await cell.expectUsage([whole, chunks.at(-1)].map((answer) => tokens(answer.usageMetadata)));
  }
}

await harness.run(Driver);
