// What somebody writes to roll a version out in stages, and what is sent of it. Pure.
import type { RolloutGuards, WriteRouteRollout } from "@/api/types";

export interface RolloutDraft {
  stages: string;
  /** Empty: each stage waits for somebody. */
  holdMinutes: string;
  minRequests: string;
  /** Empty: that does not count. */
  errorPoints: string;
  costRatio: string;
  ttftRatio: string;
}

/** As a rollout is that says nothing of its own. */
export const USUAL_ROLLOUT: RolloutDraft = {
  stages: "5, 25, 50",
  holdMinutes: "10",
  minRequests: "50",
  errorPoints: "2",
  costRatio: "1.5",
  ttftRatio: "1.5",
};

const MOST_STAGES = 10;

/** Ascending shares of 100, at most ten; null when the text holds anything else. */
export function parseStages(text: string): number[] | null {
  const stages = text
    .split(/[\s,%]+/)
    .filter(Boolean)
    .map(Number);
  const fit = stages.every((share, at) => isWhole(share, 1, 99) && share > (stages[at - 1] ?? 0));
  return fit && stages.length > 0 && stages.length <= MOST_STAGES ? stages : null;
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** Whether a text is empty or a number between two others. */
function fits(text: string, least: number, most: number, whole = false): boolean {
  const value = Number(text);
  return text.trim() === "" || (value >= least && value <= most && (!whole || Number.isInteger(value)));
}

/** What is wrong with each field that cannot be sent. */
export function mistakesIn(draft: RolloutDraft): Partial<Record<keyof RolloutDraft, string>> {
  const ratio = "Use 1 to 100, or nothing.";
  return {
    ...(parseStages(draft.stages) ? {} : { stages: "Use 1 to 10 ascending numbers from 1 to 99." }),
    ...(fits(draft.holdMinutes, 1, 10_080, true)
      ? {}
      : { holdMinutes: "Use 1 to 10080 minutes, or nothing." }),
    ...(draft.minRequests.trim() !== "" && fits(draft.minRequests, 20, 100_000, true)
      ? {}
      : { minRequests: "Use 20 to 100000: fewer say nothing." }),
    ...(fits(draft.errorPoints, 0.1, 100) ? {} : { errorPoints: "Use 0.1 to 100 points, or nothing." }),
    ...(fits(draft.costRatio, 1, 100) ? {} : { costRatio: ratio }),
    ...(fits(draft.ttftRatio, 1, 100) ? {} : { ttftRatio: ratio }),
  };
}

/** What is sent of a draft without mistakes. */
export function rolloutBody(draft: RolloutDraft): WriteRouteRollout {
  return {
    stages: parseStages(draft.stages) ?? [],
    hold_minutes: numberOf(draft.holdMinutes),
    halt_when: guardsOf(draft),
  };
}

export function guardsOf(draft: RolloutDraft): RolloutGuards {
  return {
    error_rate_points: numberOf(draft.errorPoints),
    cost_ratio: numberOf(draft.costRatio),
    ttft_p95_ratio: numberOf(draft.ttftRatio),
    min_requests: Number(draft.minRequests),
  };
}

function numberOf(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}
