// One plain sentence for a request record: who served it, or why nobody did.
import type { RequestRecord } from "@/api/types";
import { formatDuration } from "./format";

export function isServed(request: Pick<RequestRecord, "status">): boolean {
  return request.status >= 200 && request.status < 400;
}

export function summarizeRequest(request: RequestRecord): string {
  const { attempts } = request;
  const took = formatDuration(request.duration_ms);
  const served = request.provider ?? "the gateway";
  if (isServed(request)) {
    if (attempts.length <= 1) return `Served by ${served} in ${took}.`;
    const first = attempts[0];
    const reason = first ? `; ${first.provider} ${describeOutcome(first.status, first.outcome)}` : "";
    return `Served by ${served} on attempt ${attempts.length} in ${took}${reason}.`;
  }
  const code = request.error_code ? ` (${request.error_code})` : "";
  if (attempts.length === 0) return `Refused before any provider was called: ${request.status}${code}.`;
  const tries = attempts.length === 1 ? "The only attempt" : `All ${attempts.length} attempts`;
  return `${tries} failed; the client got ${request.status}${code} after ${took}.`;
}

function describeOutcome(status: number | null | undefined, outcome: string): string {
  return status ? `answered ${status}` : `ended with ${outcome.replaceAll("_", " ")}`;
}

/** What to change when a call was refused; null when there is no better advice than the error itself. */
export function adviceFor(request: RequestRecord): string | null {
  switch (request.error_code) {
    case "model_not_found":
    case "model_not_available":
      return `No connection of this project serves “${request.model_requested}”. Try sluicegate/echo, or add a connection.`;
    case "model_not_allowed":
      return "This key may not call that model. Edit the key's allowed models, or use another key.";
    default:
      return request.status === 429 ? "The provider asked to slow down. Try again in a moment." : null;
  }
}
