// The closed words of a decision, as a person would say them. What a newer server says more is shown as it is.
import type { DecisionCandidate, RequestDecision } from "@/api/types";
import type { Tone } from "@/components/ui/badge";
import { rejectionWords } from "@/lib/rejection-words";

const CAUSES: Record<string, string> = {
  direct: "The first that serves the model, as your connections are listed.",
  alias: "An alias of the route, which put them in this order.",
  rule: "The first of the route, as listed.",
  experiment: "Of the arm that the request is in.",
  other_arm: "Not of its arm: nothing there may serve it, or the request wished so.",
  weight: "Drawn by the weights of the route.",
  score: "The best by what is measured at that moment.",
  capacity: "What stands first was broken or out of its rate, so the next one took over.",
  budget_switch: "A budget had no room and names this route for that case.",
};

const STANDINGS: Record<string, string> = {
  full: "as busy as it can be",
  drained: "out of its rate",
  broken: "failing",
  on_trial: "coming back, one call at a time",
};

const OUTCOMES: Record<DecisionCandidate["outcome"], { word: string; tone: Tone }> = {
  selected: { word: "served", tone: "ok" },
  tried: { word: "tried", tone: "warn" },
  standby: { word: "standby", tone: "idle" },
  rejected: { word: "left out", tone: "bad" },
};

const TERMS = ["latency", "cost", "cache", "failure", "headroom", "quality", "target", "load"] as const;

export function causeInWords({ cause }: RequestDecision): string {
  return cause === null ? "Nothing could serve it." : (CAUSES[cause] ?? cause);
}

export function outcomeInWords({ outcome }: DecisionCandidate): { word: string; tone: Tone } {
  return OUTCOMES[outcome];
}

/** The arm of an experiment that a request is in. */
export function armInWords({ experiment }: RequestDecision): string | null {
  if (experiment === null) return null;
  const { name, arm, unit } = experiment;
  return `Arm ${arm} of ${name}, drawn by ${unit}.`;
}

/** What spoke against a candidate, if anything did. */
export function objection({ reason, level, standing }: DecisionCandidate): string | null {
  if (reason !== null) {
    const words = rejectionWords(reason);
    return level === null || level === "request" ? words : `${words} (a constraint of the ${level})`;
  }
  return standing === null ? null : (STANDINGS[standing] ?? standing);
}

/** The parts of a score that are not nothing, the largest first. */
export function scoreInWords({ score }: DecisionCandidate): string | null {
  if (!score) return null;
  const parts = TERMS.map((name) => ({ name, value: score[name] }))
    .filter(({ value }) => value !== 0)
    .sort((one, other) => Math.abs(other.value) - Math.abs(one.value))
    .map(({ name, value }) => `${name} ${value.toFixed(3)}`);
  const drawn = score.by === "score" ? "" : `, ${score.by.replaceAll("_", " ")}`;
  return `score ${score.total.toFixed(3)}${drawn}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}`;
}
