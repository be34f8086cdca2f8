// The official Node SDK as an application uses it, against the endpoint in OPENAI_BASE_URL. Called by sdk.rs.
//   check.js CHAT_MODEL EMBEDDING_MODEL     prints one line per proof; fails at the first that does not hold

import OpenAI from "openai";

const messages = [{ role: "user", content: "hello there" }];
const ECHO = "sluicegate/echo";
// What the echo does by suffix, and the exception an application is told to catch.
const REFUSALS = {
  ":400": OpenAI.BadRequestError,
  ":404": OpenAI.NotFoundError,
  ":429": OpenAI.RateLimitError,
  ":503": OpenAI.InternalServerError,
};

function prove(title, holds) {
  if (!holds) {
    throw new Error(`${title}: does not hold`);
  }
  console.log(`node: ${title}`);
}

async function raised(call) {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function completes(client, model) {
  const answer = await client.chat.completions.create({ model, messages });
  const [choice] = answer.choices;
  prove(`${model} completes`, choice.message.content && choice.finish_reason === "stop");
  prove(`${model} tells usage`, answer.usage.prompt_tokens > 0 && answer.usage.completion_tokens > 0);
  prove(`${model} has a request id`, answer._request_id.startsWith("req_"));
}

async function streams(client, model) {
  const stream_options = { include_usage: true };
  const stream = await client.chat.completions.create({ model, messages, stream: true, stream_options });
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
  prove(`${model} streams in parts`, text && chunks.length > 3);
  prove(`${model} ends its stream with usage`, chunks.at(-1).usage.completion_tokens > 0);
  prove(`${model} says what the stream cost`, chunks.at(-1).usage.cost > 0 === (model !== ECHO));
}

async function embeds(client, model) {
  const answer = await client.embeddings.create({ model, input: ["one", "two"] });
  const vectors = answer.data.map((item) => item.embedding);
  prove(`${model} embeds`, vectors.length === 2 && vectors[1].every((it) => typeof it === "number"));
}

async function refuses(client) {
  for (const [suffix, kind] of Object.entries(REFUSALS)) {
    const error = await raised(() => client.chat.completions.create({ model: ECHO + suffix, messages }));
    prove(`${ECHO}${suffix} raises ${kind.name}`, error instanceof kind);
  }
  let error = await raised(() => client.chat.completions.create({ model: "no/such-model", messages }));
  prove("an unknown model raises NotFoundError", error instanceof OpenAI.NotFoundError);
  error = await raised(() => client.chat.completions.create({ model: ECHO, messages: "text" }));
  prove("a malformed request raises BadRequestError", error instanceof OpenAI.BadRequestError);
  const stranger = client.withOptions({ apiKey: "sk-sg-unknown" });
  error = await raised(() => stranger.chat.completions.create({ model: ECHO, messages }));
  prove("an unknown key raises AuthenticationError", error instanceof OpenAI.AuthenticationError);
  prove("the error has a message, a code and a request id", error.message && error.code && error.requestID);
}

const [chat, embedding] = process.argv.slice(2);
const client = new OpenAI({ maxRetries: 0, timeout: 20_000 });
const listed = new Set();
for await (const model of client.models.list()) {
  listed.add(model.id);
}
prove("models are listed", listed.has(ECHO) && listed.has(`openai/${chat}`));
for (const model of [ECHO, chat, `openai/${chat}`]) {
  await completes(client, model);
  await streams(client, model);
}
for (const model of [ECHO, embedding]) {
  await embeds(client, model);
}
await refuses(client);
