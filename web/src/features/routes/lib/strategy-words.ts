// Strategies, targets and retries in words.
import type { Route, RouteExperiment, RouteRetry, RouteRule, RouteStrategy, RouteTarget } from "@/api/types";
import { formatDuration, formatShare, plural } from "@/lib/format";
import { formatMoneyExact } from "@/lib/money";

const PLAIN: Record<Extract<RouteStrategy, string>, { name: string; sentence: string }> = {
  ordered: {
    name: "Ordered",
    sentence: "The first that can serve, in this order; the others are fallbacks.",
  },
  weighted: { name: "Weighted", sentence: "Drawn by weight; the others are fallbacks." },
  fastest: {
    name: "Fastest",
    sentence: "Whichever brings the first token soonest, as it is at that moment.",
  },
  cheapest: { name: "Cheapest", sentence: "Whichever costs least." },
  least_loaded: {
    name: "Least loaded",
    sentence: "Whichever has the fewest open calls for what it can take.",
  },
};

export function strategyName(strategy: RouteStrategy): string {
  if (typeof strategy === "string") return PLAIN[strategy].name;
  if ("cheapest_within" in strategy) return `Cheapest within ${milliseconds(strategy)}`;
  if ("fastest_under" in strategy) return `Fastest under ${formatMoneyExact(strategy.fastest_under.cost)}`;
  return "Balanced";
}

export function strategySentence(strategy: RouteStrategy): string {
  if (typeof strategy === "string") return PLAIN[strategy].sentence;
  if ("cheapest_within" in strategy) {
    return `The least money at which 95 of 100 calls bring something within ${milliseconds(strategy)}.`;
  }
  if ("fastest_under" in strategy) {
    return `The fastest of what costs at most ${formatMoneyExact(strategy.fastest_under.cost)} a call; what costs more comes after.`;
  }
  return `Time against money: a second less is worth ${formatMoneyExact(strategy.balanced.second)}.`;
}

function milliseconds({ cheapest_within }: { cheapest_within: { milliseconds: number } }): string {
  return formatDuration(cheapest_within.milliseconds);
}

/** What a target gets of the traffic, where that is said by weights. */
export function shareWords(
  target: RouteTarget,
  { strategy, targets }: { strategy: RouteStrategy; targets: readonly RouteTarget[] },
): string | null {
  if (strategy !== "weighted") return null;
  if (target.weight === 0) return "weight 0, never serves";
  const beside = targets.filter(({ arm }) => arm === target.arm);
  const whole = beside.reduce((sum, { weight }) => sum + weight, 0);
  return `weight ${target.weight}, ${formatShare(target.weight, whole)}`;
}

const UNITS: Record<Extract<RouteExperiment["unit"], string>, string> = {
  session: "session",
  user: "end user",
  key: "key",
  request: "request",
};

/** What is compared, and what is kept together. */
export function experimentSentence({ name, unit }: RouteExperiment): string {
  return `${name}: each ${unitWords(unit)} stays in one arm; the others stand in where nothing of it can serve.`;
}

function unitWords(unit: RouteExperiment["unit"]): string {
  if (typeof unit === "string") return UNITS[unit];
  return "header" in unit ? `value of the header ${unit.header}` : `value of metadata ${unit.metadata}`;
}

export interface ArmWords {
  name: string;
  share: string;
  targets: RouteTarget[];
}

/** The targets of a rule by arm; those of none come last, under a name that no arm has. */
export function armsOf({ experiment, targets }: RouteRule): ArmWords[] {
  if (experiment === null) return [];
  const whole = experiment.arms.reduce((sum, { weight }) => sum + weight, 0);
  const arms = experiment.arms.map(({ name, weight }) => ({
    name,
    share: weight === 0 ? "weight 0, never serves" : formatShare(weight, whole),
    targets: targets.filter(({ arm }) => arm === name),
  }));
  const shared = targets.filter(({ arm }) => arm === null);
  return shared.length === 0 ? arms : [...arms, { name: "Behind every arm", share: "", targets: shared }];
}

export function retryWords({ max_attempts, attempt_timeout_ms }: RouteRetry): string {
  const attempts = max_attempts === 1 ? "One attempt" : `At most ${max_attempts} attempts`;
  return `${attempts}, each of up to ${formatDuration(attempt_timeout_ms)} until the answer begins.`;
}

/** The strategies of all rules, each once. */
export function strategiesOf({ rules }: Route): string {
  return [...new Set(rules.map(({ strategy }) => strategyName(strategy)))].join(", ");
}

/** How many different models a route may send to. */
export function candidatesOf({ rules }: Route): string {
  const models = new Set(rules.flatMap(({ targets }) => targets.map(({ model }) => model)));
  const [first] = models;
  return models.size === 1 && first ? first : plural(models.size, "model");
}
