// Constraints as somebody types them: lists are texts with commas or lines between the entries.
import type { Constraints, PriceCeiling, WriteConstraints } from "@/api/types";

const LISTS = [
  "processing",
  "operator_home",
  "author_home",
  "licenses",
  "quantizations",
  "certifications",
  "providers/only",
  "providers/ignore",
  "models/only",
  "models/ignore",
] as const;
const FLAGS = ["no_training", "open_weights", "distillable"] as const;
const PRICES = ["input_per_mtok", "output_per_mtok", "per_request", "per_image"] as const;

export type ListName = (typeof LISTS)[number];
export type FlagName = (typeof FLAGS)[number];
export type PriceName = (typeof PRICES)[number];

export interface ConstraintDraft {
  lists: Readonly<Record<ListName, string>>;
  flags: Readonly<Record<FlagName, boolean>>;
  prices: Readonly<Record<PriceName, string>>;
  /** Days; empty: not demanded. */
  retention: string;
}

/** JSON pointers below which a form shows findings at a field. */
export function placesUnder(root: string): string[] {
  return [
    ...[...LISTS, ...FLAGS, "max_retention_days"].map((name) => `${root}/${name}`),
    ...PRICES.map((name) => `${root}/max_price/${name}`),
  ];
}

export function draftOf(constraints: Constraints): ConstraintDraft {
  const { max_price, max_retention_days: days } = constraints;
  return {
    lists: record(LISTS, (name) => (listOf(constraints, name) ?? []).join(", ")),
    flags: record(FLAGS, (name) => constraints[name]),
    prices: record(PRICES, (name) => shorter(max_price[name])),
    retention: days === null ? "" : String(days),
  };
}

export const EMPTY: ConstraintDraft = {
  lists: record(LISTS, () => ""),
  flags: record(FLAGS, () => false),
  prices: record(PRICES, () => ""),
  retention: "",
};

export function writtenOf(draft: ConstraintDraft): WriteConstraints {
  const list = (name: ListName) => entries(draft.lists[name]);
  const some = (name: ListName) => (list(name).length > 0 ? list(name) : null);
  const choice = (of: "providers" | "models") => ({ only: some(`${of}/only`), ignore: list(`${of}/ignore`) });
  return {
    processing: some("processing"),
    operator_home: some("operator_home"),
    author_home: some("author_home"),
    licenses: some("licenses"),
    quantizations: some("quantizations"),
    certifications: list("certifications"),
    providers: choice("providers"),
    models: choice("models"),
    ...draft.flags,
    max_retention_days: draft.retention.trim() === "" ? null : Number(draft.retention),
    max_price: Object.fromEntries(
      PRICES.flatMap((name) => {
        const amount = draft.prices[name].trim();
        return amount === "" ? [] : [[name, { amount }]];
      }),
    ),
  };
}

/** Whether nothing is demanded. */
export function isEmpty({ lists, flags, prices, retention }: ConstraintDraft): boolean {
  const texts = [...Object.values(lists), ...Object.values(prices), retention];
  return texts.every((text) => text.trim() === "") && !Object.values(flags).includes(true);
}

export function listOf(constraints: Constraints, name: ListName): readonly string[] | null {
  switch (name) {
    case "providers/only":
      return constraints.providers.only ?? null;
    case "providers/ignore":
      return constraints.providers.ignore ?? null;
    case "models/only":
      return constraints.models.only ?? null;
    case "models/ignore":
      return constraints.models.ignore ?? null;
    default:
      return constraints[name];
  }
}

function entries(text: string): string[] {
  return text
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** Without the zeros that the API fills nine places with. */
function shorter(money: PriceCeiling[PriceName]): string {
  return money ? money.amount.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "") : "";
}

function record<Name extends string, Value>(
  names: readonly Name[],
  of: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, Value>;
}
