// What became of a request, in one plain sentence and one word. Outcomes are those of the request record.
import type { RequestRecord } from "@/api/types";
import type { Tone } from "@/components/ui/badge";
import { formatDuration } from "./format";

type Ended = Pick<RequestRecord, "status" | "outcome">;

export function isServed(request: Ended): boolean {
  return request.outcome === "served";
}

/** For a badge: the status the client saw and, unless it says everything, how the request ended. */
export function requestState(request: Ended): { tone: Tone; word: string } {
  switch (request.outcome) {
    case "served":
      return { tone: "ok", word: `${request.status} OK` };
    case "cut":
      return { tone: "bad", word: `${request.status} cut off` };
    case "client_gone":
      return { tone: "warn", word: "Client gone" };
    case "interrupted":
      return { tone: "warn", word: "Interrupted" };
    default:
      return { tone: "bad", word: `${request.status} error` };
  }
}

export function summarizeRequest(request: RequestRecord): string {
  const took = formatDuration(request.duration_ms);
  const provider = request.provider ?? "the gateway";
  switch (request.outcome) {
    case "served":
      return summarizeServed(request, provider, took);
    case "cut":
      return `The answer from ${provider} broke off after ${took}, and the client was told so.`;
    case "client_gone":
      return `The client hung up after ${took}.`;
    case "interrupted":
      return "The worker stopped while this request was under way.";
    default:
      return summarizeFailed(request, took);
  }
}

function summarizeServed({ attempts }: RequestRecord, provider: string, took: string): string {
  const [first] = attempts;
  if (!first || attempts.length === 1) return `Served by ${provider} in ${took}.`;
  const reason = first.status
    ? `${first.provider} answered ${first.status}`
    : `${first.provider} ended with ${first.outcome.replaceAll("_", " ")}`;
  return `Served by ${provider} on attempt ${attempts.length} in ${took}; ${reason}.`;
}

function summarizeFailed({ attempts, status, error_code }: RequestRecord, took: string): string {
  const code = error_code ? ` (${error_code})` : "";
  if (attempts.length === 0) return `Refused before any provider was called: ${status}${code}.`;
  const tries = attempts.length === 1 ? "The only attempt" : `All ${attempts.length} attempts`;
  return `${tries} failed; the client got ${status}${code} after ${took}.`;
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
