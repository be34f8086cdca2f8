// What every driver shares: the job it is given, the cells it fills, and what the mock provider is known to answer.
// The same as ../python/harness.py, for Node: a driver is a class with a method for each feature its client has.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { crc32, deflateSync } from "node:zlib";

// Whatever goes wrong in quoting, escaping or splitting shows here: a line separator, quotes, a backslash, an emoji.
export const SAY = 'Grüße, 世界! "quoted" \\ back\u2028slash 🌊 done.';
export const SYSTEM = "Answer like the miller’s daughter.";
export const REASONING = "Stones wear down slowly, so the older wheel turns first.";
const text = (name) => ({ type: "object", properties: { [name]: { type: "string" } }, required: [name] });
export const TOOLS = {
  weather: { description: "Tells the weather of a city.", schema: text("city") },
  clock: { description: "Tells the time in a zone.", schema: text("zone") },
};
export const CALLS = [
  ["weather", { city: "city-1" }],
  ["clock", { zone: "zone-2" }],
];
export const RESULTS = { weather: "It is 7 degrees.", clock: "It is noon." };
export const PERSON = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" } },
  required: ["name", "age"],
  additionalProperties: false,
};
export const PERSON_VALUE = { name: "name-1", age: 1 };
export const NO_SUCH_MODEL = "no-such-model";
export const BAD_KEY = "sk-sg-not-a-key";
// How an overloaded provider may be told: Anthropic has a status of its own.
export const OVERLOADED = [503, 529];
// A provider is slow to notice that its caller has left, but not this slow.
const LEAVING = 6000;

// The smallest picture there is, as base64 text.
export const PNG = (() => {
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(checksum(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
  const pixels = deflateSync(Buffer.from([0, 16, 128, 240]));
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks = [chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]).toString("base64");
})();

function checksum(bytes) {
  if (crc32) {
    return crc32(bytes);
  }
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    }
  }
  return (value ^ 0xffffffff) >>> 0;
}

// How the mock provider names a picture: its type and a hash (FNV-1a) of its base64 text.
export function pictureAsTold(base64) {
  let value = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(base64)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  }
  return `image/png ${value.toString(16).padStart(16, "0")}`;
}

class Mismatch extends Error {}

export function expect(what, found, wanted) {
  if (!isDeepStrictEqual(found, wanted)) {
    throw new Mismatch(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
  }
}

export function holds(what, condition) {
  if (!condition) {
    throw new Mismatch(what);
  }
}

export async function gather(stream) {
  const items = [];
  for await (const item of stream) {
    items.push(item);
  }
  return items;
}

// One feature of one client against one upstream.
export class Cell {
  static #number = 0;

  constructor(job, upstream, feature) {
    this.job = job;
    this.model = upstream.model;
    this.embeddingModel = upstream.embedding_model;
    this.countsReasoning = upstream.counts_reasoning;
    this.countsTokens = upstream.counts_tokens;
    Cell.#number += 1;
    this.tag = `${feature}.${process.pid}.${Cell.#number}`;
  }

  // A prompt with an order to the mock provider, and this cell's tag.
  prompt(order) {
    return `Please. ${order} [[tag=${this.tag}]]`;
  }

  // What the mock provider booked for this cell.
  async entries() {
    const answer = await fetch(`${this.job.mock}/__mock/ledger`);
    const lines = (await answer.text()).split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line)).filter((entry) => entry.tag === this.tag);
  }

  expectText(found, wanted = SAY) {
    expect("text", found, wanted);
  }

  expectStream(pieces, wanted = SAY) {
    holds(`${pieces.length} pieces are no stream`, pieces.length > 2);
    expect("text of the stream", pieces.join(""), wanted);
  }

  expectCalls(calls, ids) {
    expect("calls", calls, CALLS);
    if (ids) {
      holds(`ids are not distinct: ${ids}`, new Set(ids).size === CALLS.length && ids.every(Boolean));
    }
  }

  expectResults(found) {
    const results = Object.values(RESULTS);
    holds(`the results are not in ${JSON.stringify(found)}`, results.every((words) => found.includes(words)));
  }

  // `count` gives the tokens of a prompt, `send` sends one. More text is more tokens, and where the provider counts, a
  // count is what it bills.
  async expectCount(count, send) {
    const long = await count("The water runs over stones and under bridges. ".repeat(20));
    const short = await count("Hello.");
    holds(`${short} and ${long} tokens`, short > 0 && short < long);
    if (this.countsTokens) {
      const prompt = this.prompt("[[say=one]]");
      const counted = await count(prompt);
      await send(prompt);
      const billed = (await this.entries()).map((entry) => entry.input_tokens);
      expect("tokens counted beside those billed", [counted], billed);
    }
  }

  expectReasoningTokens(count) {
    holds(`${count} tokens of reasoning`, !this.countsReasoning || count);
  }

  // `told`: pairs of input and output tokens, in the order of the calls.
  async expectUsage(told) {
    const booked = (await this.entries()).map((entry) => [entry.input_tokens, entry.output_tokens]);
    expect("usage beside what the provider billed", told, booked);
  }

  // The provider has to see that its caller left.
  async expectLeft() {
    const deadline = Date.now() + LEAVING;
    let outcomes = [];
    while (outcomes.length === 0 && Date.now() < deadline) {
      outcomes = (await this.entries()).map((entry) => entry.outcome);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect("outcome at the provider", outcomes, ["client_left"]);
  }

  expectVectors(vectors, count, dimensions) {
    expect("vectors", vectors.length, count);
    expect("dimensions", [...new Set(vectors.map((vector) => vector.length))], [dimensions]);
    const lengths = vectors.map((vector) => vector.reduce((sum, x) => sum + x * x, 0));
    holds(`not of length one: ${lengths}`, lengths.every((length) => Math.abs(length - 1) < 0.01));
    holds("vectors are the same", !isDeepStrictEqual(vectors[0], vectors[1]));
  }

  // The call has to raise an error of this class, with these attributes; a text has to be in it, a list has to hold it.
  async raises(kind, attributes, call) {
    let error;
    try {
      await call();
    } catch (caught) {
      error = caught;
    }
    holds(`no ${kind.name}`, error !== undefined);
    const isKind = kind.isInstance ? kind.isInstance(error) : error instanceof kind;
    holds(`${error.name ?? error.constructor.name} instead of ${kind.name}: ${brief(error)}`, isKind);
    for (const [name, wanted] of Object.entries(attributes)) {
      const found = error[name];
      const fits =
        typeof wanted === "string"
          ? String(found).includes(wanted)
          : Array.isArray(wanted)
            ? wanted.includes(found)
            : isDeepStrictEqual(found, wanted);
      holds(`${kind.name}.${name} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`, fits);
    }
  }
}

function brief(error) {
  return String(error.message ?? error).replace(/\s+/g, " ").slice(0, 300);
}

async function fill(driver, cell, feature) {
  if (typeof driver[feature] !== "function") {
    return ["unsupported", driver.constructor.LACKS?.[feature] ?? "the client has no such feature"];
  }
  try {
    await driver[feature](cell);
  } catch (error) {
    return ["fail", error instanceof Mismatch ? error.message : `${error.constructor?.name}: ${brief(error)}`];
  }
  return ["pass", null];
}

// The version of an installed package; many do not let their package.json be imported.
function versionOf(name) {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  for (;;) {
    try {
      const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      if (found.name === name) {
        return found.version;
      }
    } catch (error) {
      if (folder === dirname(folder)) {
        throw error;
      }
    }
    folder = dirname(folder);
  }
}

// Runs the job on standard input with a driver of this class.
export async function run(kind) {
  const job = JSON.parse(readFileSync(0, "utf8"));
  const version = versionOf(kind.PACKAGE);
  for (const upstream of job.upstreams) {
    const driver = new kind(job);
    for (const feature of job.features) {
      const begun = Date.now();
      const lack = upstream.lacks?.[feature];
      const filled = lack ? ["unsupported", lack] : await fill(driver, new Cell(job, upstream, feature), feature);
      const [status, reason] = filled;
      const line = {
        client: job.client,
        client_version: version,
        feature,
        upstream: upstream.name,
        status,
        reason,
        ms: Date.now() - begun,
      };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
  }
  // Clients keep connections open, which would keep the process.
  process.exit(0);
}
