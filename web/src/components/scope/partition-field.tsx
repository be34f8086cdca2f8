// Whose calls count: anybody's, each person's for themselves, or one person's.
import { SelectField, TextField } from "@/components/ui/field";
import type { PartitionDraft } from "@/lib/scope-draft";
import styles from "./scope-fields.module.css";

interface PartitionFieldProps {
  label: string;
  noun: string;
  example: string;
  hint: string;
  draft: PartitionDraft;
  error?: string | undefined;
  onChange: (draft: PartitionDraft) => void;
}

export function PartitionField({ label, noun, example, hint, draft, error, onChange }: PartitionFieldProps) {
  const named = draft.kind === "one";
  return (
    <div className={styles["pair"]}>
      <SelectField
        label={label}
        value={draft.kind}
        hint={draft.kind === "each" ? `Each ${noun} has the whole limit alone.` : undefined}
        error={named ? undefined : error}
        onChange={(event) => onChange({ ...draft, kind: event.target.value as PartitionDraft["kind"] })}
      >
        <option value="any">Any, all together</option>
        <option value="each">Each one alone</option>
        <option value="one">Only one</option>
      </SelectField>
      {named && (
        <TextField
          label={`Which ${noun}`}
          placeholder={example}
          value={draft.value}
          error={error}
          hint={hint}
          onChange={(event) => onChange({ ...draft, value: event.target.value })}
        />
      )}
    </div>
  );
}
