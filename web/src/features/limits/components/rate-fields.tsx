// How much of a metric: the part of a limit that can be changed at any time.
import { TextField } from "@/components/ui/field";
import type { LimitDraft } from "../lib/limit-draft";
import styles from "./form.module.css";

/** JSON pointers of what these fields show. */
export const RATE_PLACES: readonly string[] = ["/amount", "/burst"];

const MOST = 1_000_000_000_000;

interface RateFieldsProps {
  draft: LimitDraft;
  onChange: (draft: LimitDraft) => void;
  /** Messages by JSON pointer. */
  errors: Readonly<Record<string, string>>;
}

export function RateFields({ draft, onChange, errors }: RateFieldsProps) {
  const isConcurrency = draft.metric === "concurrency";
  return (
    <div className={styles["pair"]}>
      <TextField
        label={isConcurrency ? "At once" : "A minute"}
        required
        type="number"
        min={1}
        max={MOST}
        placeholder={isConcurrency ? "20" : "600"}
        value={draft.amount}
        error={errors["/amount"]}
        onChange={(event) => onChange({ ...draft, amount: event.target.value })}
      />
      {!isConcurrency && (
        <TextField
          label="Burst"
          optional
          type="number"
          min={1}
          max={MOST}
          placeholder={draft.amount}
          value={draft.burst}
          error={errors["/burst"]}
          hint="The most that may come at once after a pause. Empty: as much as in a minute."
          onChange={(event) => onChange({ ...draft, burst: event.target.value })}
        />
      )}
    </div>
  );
}
