// Reads a route document as the server would, as far as the mock goes: places of findings, fields, facts and models.
import { isMap, LineCounter, parseDocument } from "yaml";
import type { RouteFinding, RouteRule } from "@/api/types";
import { NO_CONSTRAINTS } from "./fixtures.ts";

const FIELDS = ["slug", "aliases", "rules", "strategy", "experiment", "targets", "retry"];
const FACTS =
  /^(input_tokens|max_output_tokens|stream|operation|language|dialect|model|modalities|tools|json_schema|reasoning|headers|metadata|user|session|tags)$/;
const REACHED = /^(sluicegate\/echo|openai\/|mistralai\/|meta-llama\/)/;
const USUAL_RETRY = { max_attempts: 3, attempt_timeout_ms: 120_000 };

type Written = Partial<Omit<RouteRule, "targets">> & { targets?: Partial<RouteRule["targets"][number]>[] };

export interface ReadDocument {
  slug?: string;
  aliases?: string[];
  rules: RouteRule[];
  findings: RouteFinding[];
  /** Why it is no document of a route at all. */
  unreadable: RouteFinding | null;
}

export function readDocument(text: string): ReadDocument {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const findings: RouteFinding[] = [];
  const find = (
    severity: RouteFinding["severity"],
    path: (string | number)[],
    code: string,
    detail: string,
  ) => {
    const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
    const place = counter.linePos(node?.range?.[0] ?? 0);
    const finding = { severity, pointer: path.map((part) => `/${part}`).join(""), code, detail };
    findings.push({ ...finding, line: place.line, column: place.col });
  };
  const [broken] = document.errors;
  if (broken || !isMap(document.contents)) {
    const place = broken?.linePos?.[0] ?? { line: 1, col: 1 };
    const detail = broken ? "while parsing, did not find what was expected" : "A route is a mapping.";
    const at = { line: place.line, column: place.col };
    const unreadable: RouteFinding = { severity: "error", pointer: "", code: "invalid_yaml", detail, ...at };
    return { rules: [], findings: [], unreadable };
  }
  const written = document.toJS() as { slug?: string; aliases?: string[]; rules?: Written[] } & Written;
  for (const field of Object.keys(written)) {
    if (!FIELDS.includes(field)) find("error", [field], "unknown_field", `There is no field \`${field}\`.`);
  }
  const unreadable = findings[0] ?? null;
  if (typeof written.slug !== "string" || !/^[a-z0-9][a-z0-9-]*[a-z0-9]$/.test(written.slug)) {
    find("error", ["slug"], "invalid_slug", "Use 2 to 63 lowercase letters, digits and dashes.");
  }
  const rules = (written.rules ?? [written]).map((rule, index): RouteRule => {
    const at = written.rules ? ["rules", index] : [];
    const fact = [...(rule.when ?? "").matchAll(/request\.(\w+)/g)].find(
      ([, name = ""]) => !FACTS.test(name),
    );
    if (fact) {
      const detail = `At column ${(fact.index ?? 0) + 1}: There is no fact ${fact[0]}. Did you mean request.input_tokens?`;
      find("error", [...at, "when"], "cel_unknown_fact", detail);
    }
    const targets = (rule.targets ?? []).map(
      ({ model = "", weight = 1, connection = null, arm = null }, target) => {
        if (!REACHED.test(model)) {
          find(
            "warning",
            [...at, "targets", target, "model"],
            "no_connection",
            `No connection reaches ${model}.`,
          );
        }
        return { model, weight, connection, arm };
      },
    );
    return {
      name: rule.name ?? "default",
      when: rule.when ?? null,
      constraints: { ...NO_CONSTRAINTS, ...rule.constraints },
      strategy: rule.strategy ?? "ordered",
      experiment: rule.experiment ?? null,
      targets,
      retry: rule.retry ?? USUAL_RETRY,
    };
  });
  return {
    rules,
    findings,
    unreadable,
    ...(written.slug ? { slug: written.slug } : {}),
    ...(written.aliases ? { aliases: written.aliases } : {}),
  };
}
