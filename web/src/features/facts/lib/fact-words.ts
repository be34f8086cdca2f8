// The facts that constraints ask for, in words. What is not known has words of its own and is never left out.
import type { FactStatement, Facts, KnownFact } from "@/api/types";

export type FactName = keyof Facts;

export const FACT_LABELS: Readonly<Record<FactName, string>> = {
  processing: "Processed in",
  operator_home: "Operator at home in",
  retention_days: "Retention",
  trains: "Training",
  certifications: "Certificates",
  quantization: "Number format",
  author_home: "Author at home in",
  open_weights: "Weights",
  license: "License",
  distillable: "Distillation",
  tools: "Tools",
  json_schema: "JSON schema",
  reasoning: "Reasoning",
};

export const FACT_NAMES = Object.keys(FACT_LABELS) as FactName[];

/** Those about the model rather than about who runs it. */
export const MODEL_FACTS: readonly FactName[] = [
  "quantization",
  "author_home",
  "license",
  "open_weights",
  "distillable",
  "tools",
  "json_schema",
  "reasoning",
];

const TRUTHS: Partial<Record<FactName, readonly [yes: string, no: string]>> = {
  trains: ["trains on prompts or answers", "does not train on prompts and answers"],
  open_weights: ["published", "not published"],
  distillable: ["others may train on the answers", "others may not train on the answers"],
  tools: ["calls tools", "calls no tools"],
  json_schema: ["answers keep to a schema", "answers keep to no schema"],
  reasoning: ["thinks first", "does not think first"],
};

/** A value as it is told. A newer server may send a type that is not expected here. */
export function valueWords(name: FactName, value: unknown): string {
  if (typeof value === "boolean") return TRUTHS[name]?.[value ? 0 : 1] ?? (value ? "yes" : "no");
  if (name === "retention_days" && typeof value === "number") {
    return value === 0 ? "keeps nothing" : `keeps for at most ${value} ${value === 1 ? "day" : "days"}`;
  }
  return Array.isArray(value) ? value.join(", ") : String(value);
}

export interface FactRow {
  name: FactName;
  label: string;
  /** Null: nobody knows. */
  known: { text: string; source: string; asOf: string | null; isStated: boolean } | null;
}

/** Every fact there could be, known or not. */
export function factRows(facts: readonly KnownFact[]): FactRow[] {
  return FACT_NAMES.map((name) => {
    const fact = facts.find((candidate) => candidate.name === name);
    return {
      name,
      label: FACT_LABELS[name],
      known: fact
        ? {
            text: valueWords(name, fact.value),
            source: fact.source,
            asOf: fact.as_of,
            isStated: fact.statement !== null,
          }
        : null,
    };
  });
}

/** An address that may be linked to: a page of the web, and nothing that runs. */
export function linkOf(source: string): string | null {
  return /^https:\/\/\S+$/.test(source) ? source : null;
}

/** What a statement says, one part for each fact. */
export function statedWords({ facts }: FactStatement): string[] {
  return FACT_NAMES.flatMap((name) => {
    const value = facts[name];
    if (value === null || (Array.isArray(value) && value.length === 0)) return [];
    return [`${FACT_LABELS[name]}: ${valueWords(name, value)}`];
  });
}

/** About what a statement is. `connections` names them by id. */
export function aboutWords({ about }: FactStatement, connections: ReadonlyMap<string, string>): string {
  const parts = [
    about.provider && `provider ${about.provider}`,
    about.connection && `connection ${connections.get(about.connection) ?? about.connection}`,
    about.model && `model ${about.model}`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : "everything";
}
