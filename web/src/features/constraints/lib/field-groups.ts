// Which fields stand together in the form, and what they say.
import type { ConstraintDraft, FlagName, ListName, PriceName } from "./constraint-draft";

interface ListField {
  name: ListName;
  label: string;
  placeholder: string;
  hint?: string;
}

export interface Group {
  title: string;
  /** Whether it is open from the start. */
  isUsual: boolean;
  lists: readonly ListField[];
  flags: readonly { name: FlagName; label: string; hint: string }[];
  prices: readonly { name: PriceName; label: string }[];
  hasRetention: boolean;
}

const PLACES = "Countries by two letters, or EU, with commas.";

export const GROUPS: readonly Group[] = [
  {
    title: "Where",
    isUsual: true,
    lists: [
      { name: "processing", label: "Processed in", placeholder: "EU, CH", hint: PLACES },
      { name: "operator_home", label: "Operator at home in", placeholder: "EU", hint: PLACES },
    ],
    flags: [],
    prices: [],
    hasRetention: false,
  },
  {
    title: "Data",
    isUsual: true,
    lists: [
      {
        name: "certifications",
        label: "Certificates",
        placeholder: "SOC 2, ISO 27001",
        hint: "The operator must hold all of them.",
      },
    ],
    flags: [
      {
        name: "no_training",
        label: "Nobody trains on prompts and answers",
        hint: "Who is not known to leave them out is not asked.",
      },
    ],
    prices: [],
    hasRetention: true,
  },
  {
    title: "Providers and models",
    isUsual: false,
    lists: [
      {
        name: "providers/only",
        label: "Only these providers",
        placeholder: "openai, google-vertex/europe-west4",
        hint: "By id, or one region of it.",
      },
      { name: "providers/ignore", label: "None of these providers", placeholder: "deepseek" },
      {
        name: "models/only",
        label: "Only these models",
        placeholder: "openai/*, mistralai/mistral-small-latest",
        hint: "Names, or their beginnings followed by *.",
      },
      { name: "models/ignore", label: "None of these models", placeholder: "openai/gpt-4o*" },
    ],
    flags: [],
    prices: [],
    hasRetention: false,
  },
  {
    title: "Origin and license of models",
    isUsual: false,
    lists: [
      { name: "author_home", label: "Author at home in", placeholder: "EU, US", hint: PLACES },
      { name: "licenses", label: "Licenses", placeholder: "apache-2.0, mit", hint: "One of these." },
      {
        name: "quantizations",
        label: "Number formats",
        placeholder: "bf16, fp8",
        hint: "One of these; unknown admits what is not known.",
      },
    ],
    flags: [
      {
        name: "open_weights",
        label: "The weights are published",
        hint: "So that others could serve the model.",
      },
      {
        name: "distillable",
        label: "Others may train on the answers",
        hint: "The author lets answers be used to train another model.",
      },
    ],
    prices: [],
    hasRetention: false,
  },
  {
    title: "Highest prices",
    isUsual: false,
    lists: [],
    flags: [],
    prices: [
      { name: "input_per_mtok", label: "A million prompt tokens" },
      { name: "output_per_mtok", label: "A million generated tokens" },
      { name: "per_request", label: "A call" },
      { name: "per_image", label: "An image read" },
    ],
    hasRetention: false,
  },
];

/** What a closed group demands. */
export function groupSummary({ lists, flags, prices, hasRetention }: Group, draft: ConstraintDraft): string {
  const parts = [
    ...(hasRetention && draft.retention !== "" ? [`${draft.retention} days`] : []),
    ...flags.filter(({ name }) => draft.flags[name]).map(({ label }) => label),
    ...lists.filter(({ name }) => draft.lists[name].trim()).map(({ name }) => draft.lists[name]),
    ...prices.filter(({ name }) => draft.prices[name].trim()).map(({ name }) => `$${draft.prices[name]}`),
  ];
  return parts.length > 0 ? parts.join(" · ") : "anything";
}
