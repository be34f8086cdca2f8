// What a rate limit can count, in words.
import type { Limit, LimitMetric } from "@/api/types";
import { formatInteger } from "@/lib/format";

export const METRICS: readonly { value: LimitMetric; label: string; hint: string }[] = [
  { value: "requests", label: "Requests a minute", hint: "Calls, counted when they begin." },
  {
    value: "input_tokens",
    label: "Input tokens a minute",
    hint: "Tokens sent to models: an estimate when a call begins, what the provider told when it ends.",
  },
  {
    value: "output_tokens",
    label: "Output tokens a minute",
    hint: "Tokens that models answer with: the most a call may get when it begins, what came when it ends.",
  },
  { value: "concurrency", label: "Requests at once", hint: "Calls under way at the same moment." },
];

export function metricLabel(metric: LimitMetric): string {
  return METRICS.find(({ value }) => value === metric)?.label ?? metric;
}

/** `600 a minute`, `20 at once`. */
export function amountWords({ metric, amount }: Limit): string {
  return `${formatInteger(amount)} ${metric === "concurrency" ? "at once" : "a minute"}`;
}
