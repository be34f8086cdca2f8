// Constraints as a person would say them, one line for each that is stated. Pages of routes, projects and organizations
// share the words.
import type { Constraints, PriceCeiling } from "@/api/types";
import { formatMoneyExact } from "./money";

export type ConstraintName = keyof Constraints;

export const CONSTRAINT_LABELS: Readonly<Record<ConstraintName, string>> = {
  processing: "Processed in",
  operator_home: "Operator at home in",
  max_retention_days: "Retention",
  no_training: "Training",
  author_home: "Author at home in",
  open_weights: "Weights",
  licenses: "License",
  distillable: "Distillation",
  quantizations: "Number format",
  certifications: "Certificates",
  providers: "Providers",
  models: "Models",
  max_price: "Highest price",
};

export interface ConstraintLine {
  name: ConstraintName;
  label: string;
  text: string;
}

export function constraintLabel(name: string): string {
  return Object.hasOwn(CONSTRAINT_LABELS, name) ? CONSTRAINT_LABELS[name as ConstraintName] : name;
}

export function constraintLines(constraints: Constraints): ConstraintLine[] {
  return (Object.keys(CONSTRAINT_LABELS) as ConstraintName[]).flatMap((name) => {
    const text = WORDS[name](constraints);
    return text === null ? [] : [{ name, label: CONSTRAINT_LABELS[name], text }];
  });
}

export function statesNothing(constraints: Constraints): boolean {
  return constraintLines(constraints).length === 0;
}

const WORDS: Readonly<Record<ConstraintName, (constraints: Constraints) => string | null>> = {
  processing: ({ processing }) => either(processing),
  operator_home: ({ operator_home }) => either(operator_home),
  author_home: ({ author_home }) => either(author_home),
  max_retention_days: ({ max_retention_days: days }) => {
    if (days === null) return null;
    return days === 0 ? "nothing is kept" : `kept for at most ${days} ${days === 1 ? "day" : "days"}`;
  },
  no_training: ({ no_training }) => (no_training ? "nobody trains on prompts and answers" : null),
  open_weights: ({ open_weights }) => (open_weights ? "published" : null),
  distillable: ({ distillable }) => (distillable ? "others may train on the answers" : null),
  licenses: ({ licenses }) => either(licenses),
  quantizations: ({ quantizations }) =>
    either(quantizations?.map((it) => (it === "unknown" ? "not known" : it))),
  certifications: ({ certifications }) => (certifications.length > 0 ? certifications.join(" and ") : null),
  providers: ({ providers }) => choice(providers),
  models: ({ models }) => choice(models),
  max_price: ({ max_price }) => prices(max_price),
};

function either(list: readonly string[] | null | undefined): string | null {
  return list ? list.join(" or ") : null;
}

function choice({ only, ignore }: Constraints["providers"]): string | null {
  const parts = [
    ...(only ? [`only ${only.join(", ")}`] : []),
    ...(ignore && ignore.length > 0 ? [`none of ${ignore.join(", ")}`] : []),
  ];
  return parts.length > 0 ? parts.join("; ") : null;
}

function prices({ input_per_mtok, output_per_mtok, per_request, per_image }: PriceCeiling): string | null {
  const parts = [
    [input_per_mtok, "a million prompt tokens"] as const,
    [output_per_mtok, "a million generated tokens"] as const,
    [per_request, "a call"] as const,
    [per_image, "an image"] as const,
  ].flatMap(([money, what]) => (money ? [`${formatMoneyExact(money)} for ${what}`] : []));
  return parts.length > 0 ? parts.join(", ") : null;
}
