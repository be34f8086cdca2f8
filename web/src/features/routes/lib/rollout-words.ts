// A rollout in words and bars. Numbers and verdicts are the server's; nothing here judges anew.
import type { RolloutGuards, RouteRollout, RouteRolloutSummary, VersionFigures } from "@/api/types";
import type { PairedRow } from "@/components/charts/paired-bars";
import type { Tone } from "@/components/ui/badge";
import { formatDuration, formatInteger, plural } from "@/lib/format";
import { formatMoney, toApproximateNumber } from "@/lib/money";

const STATES: Record<RouteRollout["state"], { tone: Tone; word: string }> = {
  progressing: { tone: "ok", word: "Progressing" },
  halted: { tone: "bad", word: "Halted" },
  completed: { tone: "ok", word: "Completed" },
  aborted: { tone: "idle", word: "Aborted" },
};

export function rolloutState({ state }: Pick<RouteRollout, "state">): { tone: Tone; word: string } {
  return STATES[state];
}

/** The version beside the published one, in a badge. */
export function besideWords({ state, version, percent }: RouteRolloutSummary): string {
  return state === "halted" ? `${version} halted` : `${version} at ${percent} %`;
}

/** Who is served by which version. */
export function shareWords({ state, percent, version, base_version }: RouteRollout): string {
  switch (state) {
    case "progressing":
      return `Version ${version} serves ${percent} of 100 conversations, version ${base_version} the others.`;
    case "halted":
      return `Version ${version} serves nobody for now: version ${base_version} serves everybody.`;
    case "completed":
      return `Version ${version} is the published one and serves everybody.`;
    case "aborted":
      return `Version ${version} was given up: version ${base_version} serves everybody.`;
  }
}

/** What comes next by itself, or what it waits for; null when nothing does. Free of numbers that change with each look. */
export function verdictWords(rollout: RouteRollout): string | null {
  if (rollout.state !== "progressing") return null;
  const { min_requests } = rollout.halt_when;
  switch (rollout.waiting_for) {
    case "requests":
      return `No verdict yet: both are compared once each has served ${plural(min_requests, "request")} of this stage.`;
    case "time":
      return `It does no worse so far than it may. ${nextWords(rollout)} follows when the time of this stage is over.`;
    case "operator":
      return `It does no worse than it may. ${nextWords(rollout)} waits for you.`;
    default:
      return "A verdict is due: within seconds it goes on or is halted.";
  }
}

/** The share of the next stage; 100 after the last one. */
export function nextShare({ stages, stage }: Pick<RouteRollout, "stages" | "stage">): number {
  return stages[stage] ?? 100;
}

function nextWords(rollout: RouteRollout): string {
  const next = nextShare(rollout);
  return next === 100 ? "Everybody" : `The next stage, ${next} %,`;
}

/** What halts it, in one sentence. */
export function guardWords(guards: RolloutGuards): string {
  const { error_rate_points, ttft_p95_ratio, cost_ratio, min_requests } = guards;
  const limits = [
    error_rate_points !== null && `${plural(error_rate_points, "point")} more errors`,
    ttft_p95_ratio !== null && `${ttft_p95_ratio} × the time to first byte`,
    cost_ratio !== null && `${cost_ratio} × the cost`,
  ].filter((limit) => limit !== false);
  if (limits.length === 0) return "Nothing halts it but you.";
  return `Halted beyond ${limits.join(", ")}, once chance is ruled out, from ${plural(min_requests, "request")} each.`;
}

export interface FigureRow extends PairedRow {
  /** From where on it halts the rollout. */
  limit: string;
}

const NONE = "none";
const UNCOUNTED = "does not count";

/** What both versions did in the stage, side by side. */
export function figureRows({ figures, halt_when }: RouteRollout): FigureRow[] {
  const { published, newer } = figures;
  const row = (
    id: string,
    label: string,
    limit: string,
    side: (of: VersionFigures) => PairedRow["before"],
  ) => ({
    id,
    label,
    limit,
    before: side(published),
    after: side(newer),
  });
  const { error_rate_points: points, ttft_p95_ratio: slower, cost_ratio: dearer } = halt_when;
  return [
    row("requests", "Requests", `from ${formatInteger(halt_when.min_requests)} each`, ({ requests }) => ({
      value: requests,
      text: formatInteger(requests),
    })),
    row("errors", "Failed requests", points === null ? UNCOUNTED : `${points} points more`, errorSide),
    row(
      "ttft",
      "Time to first byte, 95 of 100 within",
      slower === null ? UNCOUNTED : `${slower} × as long`,
      ({ ttft_p95_ms }) => ({
        value: ttft_p95_ms ?? 0,
        text: ttft_p95_ms === null ? NONE : formatDuration(ttft_p95_ms),
      }),
    ),
    row(
      "cost",
      "Mean cost of a request",
      dearer === null ? UNCOUNTED : `${dearer} × as much`,
      ({ mean_cost }) => ({
        value: mean_cost ? toApproximateNumber(mean_cost) : 0,
        text: mean_cost ? formatMoney(mean_cost) : NONE,
      }),
    ),
  ];
}

function errorSide({ error_percent }: VersionFigures): PairedRow["before"] {
  if (error_percent === null) return { value: 0, text: NONE };
  return { value: error_percent, text: `${error_percent.toFixed(1)} %` };
}
