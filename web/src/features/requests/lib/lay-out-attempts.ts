// Places the attempts of a request on its time axis, in percent of its whole duration.
import type { Attempt, RequestRecord } from "@/api/types";

/** The finest step of the times, so that a request of no length still has an axis. */
const MICROSECOND_MS = 0.001;

export interface AttemptSpan {
  attempt: Attempt;
  startPercent: number;
  widthPercent: number;
  /** Inside the bar of the attempt; null when no token came. */
  firstTokenPercent: number | null;
}

export function layOutAttempts(request: Pick<RequestRecord, "duration_ms" | "attempts">): AttemptSpan[] {
  const spent = request.attempts.reduce((sum, attempt) => sum + attempt.duration_ms, 0);
  const whole = Math.max(request.duration_ms, spent, MICROSECOND_MS);
  let start = whole - spent;
  return request.attempts.map((attempt) => {
    const startPercent = (start / whole) * 100;
    start += attempt.duration_ms;
    return {
      attempt,
      startPercent,
      widthPercent: (attempt.duration_ms / whole) * 100,
      firstTokenPercent:
        typeof attempt.ttft_ms === "number" && attempt.duration_ms > 0
          ? Math.min(100, (attempt.ttft_ms / attempt.duration_ms) * 100)
          : null,
    };
  });
}
