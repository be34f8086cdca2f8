import type { RequestRecord } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { requestState } from "@/lib/request-summary";

/** How a request ended, as word, shape and colour. */
export function RequestStatus({ request }: { request: Pick<RequestRecord, "status" | "outcome"> }) {
  const { tone, word } = requestState(request);
  return <Badge tone={tone}>{word}</Badge>;
}
