import type { RequestRecord } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { isServed } from "@/lib/request-summary";

/** The HTTP status the client saw, with a word for it. */
export function RequestStatus({ request }: { request: Pick<RequestRecord, "status" | "outcome"> }) {
  if (isServed(request)) {
    const whole =
      request.outcome === "ok" || request.outcome === "success" || request.outcome === "completed";
    const word = whole ? "OK" : request.outcome.replaceAll("_", " ");
    return <Badge tone={whole ? "ok" : "warn"}>{`${request.status} ${word}`}</Badge>;
  }
  return <Badge tone="bad">{`${request.status} error`}</Badge>;
}
