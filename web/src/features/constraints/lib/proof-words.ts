// A proof in words: what was looked at, and for each constraint that nothing breaks it or which call would.
import type { ConstraintProof, ReachedEndpoint } from "@/api/types";
import { formatInteger, plural } from "@/lib/format";
import { rejectionWords } from "@/lib/rejection-words";
import { formatMoment } from "@/lib/time";

/** Prices of later count too; anything within a minute is now. */
const NOW_MS = 60_000;

export function verdictWords({ holds, candidates, reachable }: ConstraintProof): string {
  if (candidates === 0) {
    return "Nothing can be reached at all: the project has no connection that serves a model.";
  }
  const looked = `${plural(candidates, "way", "ways")} to a model looked at, ${formatInteger(reachable)} of them open to some call.`;
  return holds
    ? `It holds: no call of this project can reach what the claim forbids. ${looked}`
    : `It does not hold. ${looked}`;
}

/** The call that refutes a claim. `connections` names them by id. */
export function counterexampleWords(
  { model, provider, connection, at, code }: ReachedEndpoint,
  connections: ReadonlyMap<string, string>,
  now: number,
): string {
  const over =
    connection === null
      ? "an account that is resold to you"
      : `the connection ${connections.get(connection) ?? connection}`;
  const later = Date.parse(at) - now > NOW_MS ? `, once prices change at ${formatMoment(at)},` : "";
  return `A call for ${model}${later} reaches ${provider} over ${over}: ${rejectionWords(code)}.`;
}
