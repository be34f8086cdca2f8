// How callers are told that a budget or prepaid credit is used up.
import type { BudgetRefusals } from "@/api/types";

export const REFUSALS: readonly { value: BudgetRefusals; label: string; hint: string }[] = [
  {
    value: "payment_required",
    label: "402 Payment Required",
    hint: "Client libraries do not send such a call again.",
  },
  {
    value: "insufficient_quota",
    label: "429 insufficient_quota",
    hint: "As OpenAI says it, for applications that look for that code. A header asks client libraries not to send the call again; one that ignores it sends it a few times more.",
  },
];
