// A simulation in words and bars. Numbers are the server's; nothing here counts anew.

import type { MixShare, Money, NotSimulated, RequestFate, RouteSimulation } from "@/api/types";
import type { PairedRow } from "@/components/charts/paired-bars";
import { formatDuration, formatInteger, plural } from "@/lib/format";
import { formatMoney, formatMoneyExact, fromNanos, toApproximateNumber, toNanos } from "@/lib/money";
import { rejectionWords } from "@/lib/rejection-words";

/** Windows that may be asked for, in days: inside of the 31 that the server looks back, whatever the clocks say. */
export const WINDOWS = [1, 7, 30] as const;
export const COUNTS = [100, 500, 1_000] as const;

const DAY_MS = 86_400_000;

export function windowWords(days: number): string {
  return days === 1 ? "the last 24 hours" : `the last ${days} days`;
}

export function windowStart(days: number, now: number): string {
  return new Date(now - days * DAY_MS).toISOString();
}

/** `−$1.21`, `+$0.40`, `$0.00`. */
export function signedMoney(money: Money): string {
  return toNanos(money) > 0n ? `+${formatMoney(money)}` : formatMoney(money);
}

export function signedMoneyExact(money: Money): string {
  return toNanos(money) > 0n ? `+${formatMoneyExact(money)}` : formatMoneyExact(money);
}

/** `+120 ms`, `−1.2 s`, `no change`. */
export function signedDuration(milliseconds: number): string {
  if (Math.abs(milliseconds) < 0.5) return "no change";
  const size = formatDuration(Math.abs(milliseconds));
  return milliseconds > 0 ? `+${size}` : `−${size}`;
}

export interface Figure {
  name: string;
  value: string;
  note: string;
  /** Whether a reader should look twice. */
  isBad: boolean;
}

/** What changes, in five numbers. */
export function figuresOf({
  cost,
  ttft,
  changed,
  simulated,
  refused,
  violations,
}: RouteSimulation): Figure[] {
  const isTimed = ttft.published_ms !== null && ttft.proposed_ms !== null;
  return [
    {
      name: "Cost",
      value: cost.requests > 0 ? signedMoney(cost.change) : "not known",
      note:
        cost.requests > 0
          ? `${formatMoneyExact(cost.published)} to ${formatMoneyExact(cost.proposed)}, ${plural(cost.requests, "request")}`
          : "no request whose cost is known under both",
      isBad: false,
    },
    {
      name: "Time to first byte",
      value: isTimed ? signedDuration((ttft.proposed_ms ?? 0) - (ttft.published_ms ?? 0)) : "not known",
      note: isTimed
        ? `${formatDuration(ttft.published_ms ?? 0)} to ${formatDuration(ttft.proposed_ms ?? 0)}, ${plural(ttft.requests, "request")}`
        : "no endpoints measured under both",
      isBad: false,
    },
    {
      name: "Go elsewhere",
      value: formatInteger(changed),
      note: `of ${plural(simulated, "request")} decided again`,
      isBad: false,
    },
    {
      name: "Refused",
      value: formatInteger(refused.proposed),
      note: `${formatInteger(refused.published)} under what is published`,
      isBad: refused.proposed > refused.published,
    },
    {
      name: "Violations",
      value: formatInteger(violations.proposed),
      note: "planned hops that a constraint forbids",
      isBad: violations.proposed > 0,
    },
  ];
}

/** Names of connections by id. */
type ConnectionNames = ReadonlyMap<string, string>;

/** Cost and time under both documents, as far as they are known. */
export function totalBars({ cost, ttft }: RouteSimulation): PairedRow[] {
  const rows: PairedRow[] = [];
  if (cost.requests > 0) {
    rows.push({
      id: "cost",
      label: "Cost",
      before: { value: toApproximateNumber(cost.published), text: formatMoney(cost.published) },
      after: { value: toApproximateNumber(cost.proposed), text: formatMoney(cost.proposed) },
    });
  }
  if (ttft.published_ms !== null && ttft.proposed_ms !== null) {
    rows.push({
      id: "ttft",
      label: "Time to first byte",
      before: { value: ttft.published_ms, text: formatDuration(ttft.published_ms) },
      after: { value: ttft.proposed_ms, text: formatDuration(ttft.proposed_ms) },
    });
  }
  return rows;
}

/** Requests by the endpoint that they go to first. */
export function mixBars(mix: readonly MixShare[], connections: ConnectionNames): PairedRow[] {
  return mix.map((share) => ({
    id: endpointKey(share),
    label: endpointName(share, connections),
    before: { value: share.published, text: formatInteger(share.published) },
    after: { value: share.proposed, text: formatInteger(share.proposed) },
  }));
}

export function endpointKey({ model, provider, upstream_model, connection }: MixShare): string {
  return [model, provider, upstream_model, connection].join(" ");
}

export function endpointName(
  { model, connection }: Pick<MixShare, "model" | "connection">,
  connections: ConnectionNames,
): string {
  return connection === null ? model : `${model} over ${connections.get(connection) ?? connection}`;
}

const REASONS: Record<string, string> = {
  facts_not_stored:
    "Their records do not say what decided: they are of an older worker, or were refused before anything was decided.",
  request_steered:
    "They stated wishes of their own, such as providers or fallback models, which records do not keep.",
  key_gone: "Their key was revoked, and what it demanded with it.",
};

/** Why requests could not be decided again. What a newer server says more is shown as it is. */
export function reasonWords({ reason, fact }: NotSimulated): string {
  if (reason === "fact_not_kept") {
    return `A condition asks for ${fact ?? "something"} that records do not keep.`;
  }
  return REASONS[reason] ?? reason;
}

/** Where a request goes. */
export function fateWords(fate: RequestFate, connections: ConnectionNames): string {
  if ("refused" in fate) {
    const { reason } = fate.refused;
    return reason ? `refused: ${rejectionWords(reason)}` : "refused: no target";
  }
  return endpointName(fate.sent, connections);
}

/** The rule that decides; null where nothing can serve. */
export function ruleOf(fate: RequestFate): string | null {
  return "sent" in fate ? fate.sent.rule : null;
}

/** What one request costs more; null where either is not known. */
export function costChange(published: RequestFate, proposed: RequestFate): Money | null {
  const [before, after] = [costOf(published), costOf(proposed)];
  if (!before || !after) return null;
  return changeOf(before, after);
}

function costOf(fate: RequestFate): Money | null {
  return "sent" in fate ? fate.sent.cost : null;
}

function changeOf(before: Money, after: Money): Money {
  return fromNanos(toNanos(after) - toNanos(before), after.currency);
}
