// A document as somebody wrote it, in YAML again: what it leaves out stays left out, in the order that documents have.
import type { CreateRoute } from "@/api/types";
import { condition, flow } from "./route-document";

type Written = Readonly<Record<string, unknown>>;

const ORDER = [
  "slug",
  "aliases",
  "message",
  "rules",
  "name",
  "when",
  "constraints",
  "strategy",
  "experiment",
  "targets",
  "retry",
];
const OF_TARGET = ["model", "weight", "connection", "arm"];

export function writtenDocument(document: CreateRoute): string {
  return `${block(document as Written).join("\n")}\n`;
}

function block(written: Written): string[] {
  return ordered(written, ORDER).flatMap(([name, value]) => {
    if (name === "when" && typeof value === "string") return condition(value);
    if (Array.isArray(value) && value.length > 0) {
      if (name === "rules") return ["rules:", ...value.flatMap((rule: Written) => item(block(rule)))];
      if (name === "targets") return ["targets:", ...value.map((target: Written) => `  - ${inline(target)}`)];
    }
    if (name === "constraints" && isMap(value)) {
      const lines = Object.entries(value).map(([key, part]) => `  ${key}: ${flow(part)}`);
      return lines.length > 0 ? ["constraints:", ...lines] : [];
    }
    return [`${name}: ${flow(value)}`];
  });
}

/** An entry of a list of blocks. */
function item(lines: readonly string[]): string[] {
  return lines.map((line, index) => `${index === 0 ? "  - " : "    "}${line}`);
}

function inline(target: Written): string {
  return flow(Object.fromEntries(ordered(target, OF_TARGET)));
}

/** Members with a known name in their order, others after them; what is null says nothing. */
function ordered(written: Written, names: readonly string[]): [string, unknown][] {
  const rank = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length);
  return Object.entries(written)
    .filter(([, value]) => value !== null && value !== undefined)
    .sort(([one], [other]) => rank(one) - rank(other));
}

function isMap(value: unknown): value is Written {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
