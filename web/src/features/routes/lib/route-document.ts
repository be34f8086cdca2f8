// A route as the YAML document that would make it: what editors start with and what versions are compared by.
import type { Constraints, Route, RouteExperiment, RouteRule, RouteStrategy, RouteTarget } from "@/api/types";

export type Documented = Pick<Route, "slug" | "aliases" | "rules">;

/** The name that the server gives to the one rule of a document without rules. */
const ONLY = "default";
/** What a document without `retry` means. */
const USUAL_RETRY = "retry: { max_attempts: 3, attempt_timeout_ms: 120000 }";

export function documentOf({ slug, aliases, rules }: Documented): string {
  const [first] = rules;
  const lines = [`slug: ${scalar(slug)}`, `aliases: ${flow(aliases)}`];
  if (rules.length === 1 && first && isPlain(first)) {
    lines.push(...serving(first));
  } else {
    lines.push("rules:");
    for (const rule of rules) {
      lines.push(`  - name: ${scalar(rule.name)}`, ...ruleBody(rule).map((line) => `    ${line}`));
    }
  }
  return `${lines.join("\n")}\n`;
}

/**
 * The document with what its author left out on purpose. A change keeps what it does not name, so aliases and retries
 * that were deleted from the text would silently stay.
 */
export function completed(text: string): string {
  if (/^\s*\{/.test(text)) return completedJson(text);
  const keys = new Set([...text.matchAll(/^["']?(\w+)["']?\s*:/gm)].map(([, key]) => key));
  const missing = [
    ...(keys.has("aliases") ? [] : ["aliases: []"]),
    ...(keys.has("retry") || keys.has("rules") ? [] : [USUAL_RETRY]),
  ];
  // Nothing may follow the three dots that can end a document.
  if (missing.length === 0 || /^\.\.\./m.test(text)) return text;
  return `${text.trimEnd()}\n${missing.join("\n")}\n`;
}

function completedJson(text: string): string {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof written !== "object" || written === null) return text;
  const missing = [
    ...("aliases" in written ? [] : ['"aliases": []']),
    ...("retry" in written || "rules" in written
      ? []
      : [`"retry": {"max_attempts": 3, "attempt_timeout_ms": 120000}`]),
  ];
  if (missing.length === 0) return text;
  const end = text.lastIndexOf("}");
  const comma = Object.keys(written).length > 0 ? ", " : "";
  return `${text.slice(0, end).trimEnd()}${comma}${missing.join(", ")}}\n`;
}

/** A change of a plain route cannot take an experiment out again, so one that has any is written with rules. */
function isPlain({ name, when, constraints, experiment }: RouteRule): boolean {
  return name === ONLY && when === null && stated(constraints).length === 0 && experiment === null;
}

function ruleBody(rule: RouteRule): string[] {
  const constraints = stated(rule.constraints);
  return [
    ...(rule.when === null ? [] : condition(rule.when)),
    ...(constraints.length === 0 ? [] : ["constraints:", ...constraints.map((line) => `  ${line}`)]),
    ...serving(rule),
  ];
}

export function condition(when: string): string[] {
  if (when.includes("\n")) return ["when: |-", ...when.split("\n").map((line) => `  ${line}`)];
  return [`when: ${outsideBraces(when)}`];
}

function serving({
  strategy,
  experiment,
  targets,
  retry,
}: Pick<RouteRule, "strategy" | "experiment" | "targets" | "retry">): string[] {
  return [
    `strategy: ${strategyText(strategy)}`,
    ...(experiment === null ? [] : experimentText(experiment)),
    "targets:",
    ...targets.map((target) => `  - ${targetText(target, strategy)}`),
    `retry: ${flow(retry)}`,
  ];
}

function strategyText(strategy: RouteStrategy): string {
  if (typeof strategy === "string") return strategy;
  if ("cheapest_within" in strategy) return `{ cheapest_within: ${flow(strategy.cheapest_within)} }`;
  if ("fastest_under" in strategy) return `{ fastest_under: ${flow(strategy.fastest_under)} }`;
  return `{ balanced: ${flow(strategy.balanced)} }`;
}

function experimentText({ name, unit, arms }: RouteExperiment): string[] {
  return [
    "experiment:",
    `  name: ${scalar(name)}`,
    `  unit: ${flow(unit)}`,
    "  arms:",
    ...arms.map((arm) => `    - ${flow(arm)}`),
  ];
}

function targetText({ model, weight, connection, arm }: RouteTarget, strategy: RouteStrategy): string {
  return flow({
    model,
    ...(strategy === "weighted" || weight !== 1 ? { weight } : {}),
    ...(connection === null ? {} : { connection }),
    ...(arm === null ? {} : { arm }),
  });
}

/** The constraints that say something. */
function stated(constraints: Constraints): string[] {
  return Object.entries(constraints).flatMap(([name, value]) => {
    const said = saying(value);
    return said === null ? [] : [`${name}: ${flow(said)}`];
  });
}

function saying(value: unknown): unknown {
  if (value === null || value === undefined || value === false) return null;
  if (Array.isArray(value)) return value.length > 0 ? value : null;
  if (typeof value !== "object" || "amount" in value) return value;
  const parts = Object.entries(value).filter(([, part]) => saying(part) !== null);
  return parts.length > 0 ? Object.fromEntries(parts) : null;
}

export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{ ${Object.entries(value)
      .map(([name, part]) => `${name}: ${flow(part)}`)
      .join(", ")} }`;
  }
  return typeof value === "string" ? scalar(value) : String(value);
}

/** A text as YAML reads it back: bare where nothing in it could mean something else, else quoted as in JSON. */
function scalar(text: string): string {
  const isWord = /^[A-Za-z][\w./*-]*(:[\w./-]+)*$/.test(text);
  const isReserved = /^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isWord && !isReserved ? text : JSON.stringify(text);
}

/** Likewise where commas and braces mean nothing, so that conditions stay as their authors wrote them. */
function outsideBraces(text: string): string {
  const isPlain = /^[A-Za-z(][^\t]*\S$/.test(text) && !/: |:$| #/.test(text);
  if (isPlain && /[ ("=<>]/.test(text)) return text;
  return /^[ -~]*$/.test(text) ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text);
}
