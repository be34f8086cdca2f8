// A statement as somebody fills it in.
import type { StateFacts } from "@/api/types";
import { FACT_NAMES } from "./fact-words";

/** `""`: not stated. */
export type Truth = "" | "yes" | "no";

export interface StatementDraft {
  provider: string;
  connection: string;
  model: string;
  processing: string;
  operator_home: string;
  retention_days: string;
  trains: Truth;
  certifications: string;
  quantization: string;
  author_home: string;
  open_weights: Truth;
  license: string;
  distillable: Truth;
  tools: Truth;
  json_schema: Truth;
  reasoning: Truth;
  evidence: string;
  as_of: string;
}

/** JSON pointers of what the form shows at a field; that nothing is stated at all is shown above. */
export const PLACES: readonly string[] = [
  "/about",
  "/evidence",
  "/as_of",
  ...FACT_NAMES.map((name) => `/facts/${name}`),
];

export function newStatement(provider: string, today: string): StatementDraft {
  return {
    provider,
    connection: "",
    model: "",
    processing: "",
    operator_home: "",
    retention_days: "",
    trains: "",
    certifications: "",
    quantization: "",
    author_home: "",
    open_weights: "",
    license: "",
    distillable: "",
    tools: "",
    json_schema: "",
    reasoning: "",
    evidence: "",
    as_of: today,
  };
}

export function statementBody(draft: StatementDraft): StateFacts {
  return {
    about: {
      ...text("provider", draft.provider),
      ...text("connection", draft.connection),
      ...text("model", draft.model),
    },
    facts: {
      ...text("processing", draft.processing),
      ...text("operator_home", draft.operator_home),
      ...(draft.retention_days.trim() === "" ? {} : { retention_days: Number(draft.retention_days) }),
      ...truth("trains", draft.trains),
      ...certificates(draft.certifications),
      ...text("quantization", draft.quantization),
      ...text("author_home", draft.author_home),
      ...truth("open_weights", draft.open_weights),
      ...text("license", draft.license),
      ...truth("distillable", draft.distillable),
      ...truth("tools", draft.tools),
      ...truth("json_schema", draft.json_schema),
      ...truth("reasoning", draft.reasoning),
    },
    evidence: draft.evidence.trim(),
    as_of: draft.as_of,
  };
}

function text<Name extends string>(name: Name, value: string): { [N in Name]?: string } {
  const trimmed = value.trim();
  return (trimmed === "" ? {} : { [name]: trimmed }) as { [N in Name]?: string };
}

function truth<Name extends string>(name: Name, value: Truth): { [N in Name]?: boolean } {
  return (value === "" ? {} : { [name]: value === "yes" }) as { [N in Name]?: boolean };
}

function certificates(value: string): { certifications?: string[] } {
  const names = value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.length > 0 ? { certifications: names } : {};
}
