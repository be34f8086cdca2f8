import type { ProblemError } from "@/api/problem";
import { TextField } from "@/components/ui/field";

export interface WebhookDraft {
  name: string;
  url: string;
}

/** Places of what the fields show themselves. */
export const WEBHOOK_PLACES = ["/name", "/url"] as const;

interface WebhookFieldsProps {
  draft: WebhookDraft;
  onChange: (draft: WebhookDraft) => void;
  errors: ProblemError["pointers"];
}

export function WebhookFields({ draft, onChange, errors }: WebhookFieldsProps) {
  return (
    <>
      <TextField
        label="Name"
        required
        maxLength={100}
        placeholder="On call"
        value={draft.name}
        error={errors["/name"]}
        onChange={(event) => onChange({ ...draft, name: event.target.value })}
      />
      <TextField
        label="Address"
        type="url"
        required
        maxLength={2048}
        placeholder="https://hooks.example.com/sluicegate"
        hint="With https, at a public address, without query and fragment."
        value={draft.url}
        error={errors["/url"]}
        onChange={(event) => onChange({ ...draft, url: event.target.value })}
      />
    </>
  );
}
