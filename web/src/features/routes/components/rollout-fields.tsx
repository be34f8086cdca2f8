// In which stages a version takes over, and what halts it.
import { Disclosure } from "@/components/ui/disclosure";
import { TextField } from "@/components/ui/field";
import { guardsOf, mistakesIn, type RolloutDraft } from "../lib/rollout-draft";
import { guardWords } from "../lib/rollout-words";
import styles from "./rollout-fields.module.css";

interface RolloutFieldsProps {
  draft: RolloutDraft;
  onChange: (draft: RolloutDraft) => void;
}

export function RolloutFields({ draft, onChange }: RolloutFieldsProps) {
  const mistakes = mistakesIn(draft);
  const field = (name: keyof RolloutDraft) => ({
    value: draft[name],
    error: mistakes[name],
    onChange: (event: { target: { value: string } }) => onChange({ ...draft, [name]: event.target.value }),
  });
  const { errorPoints, ttftRatio, costRatio, minRequests } = mistakes;
  const isMistaken = Boolean(errorPoints ?? ttftRatio ?? costRatio ?? minRequests);
  return (
    <>
      <div className={styles["pair"]}>
        <TextField
          label="Stages"
          required
          placeholder="5, 25, 50"
          hint="Of 100 conversations; everybody after the last."
          {...field("stages")}
        />
        <TextField
          label="Minutes per stage"
          inputMode="numeric"
          placeholder="Until you advance it"
          hint="At least. Empty: each stage waits for you."
          {...field("holdMinutes")}
        />
      </div>
      <Disclosure
        title="What halts it"
        summary={isMistaken ? undefined : guardWords(guardsOf(draft))}
        forced={isMistaken}
      >
        <p className={styles["intro"]}>
          By how much it may do worse than the published version. An empty field does not count.
        </p>
        <div className={styles["pair"]}>
          <TextField label="Points more errors" inputMode="decimal" {...field("errorPoints")} />
          <TextField label="Times the time to first byte" inputMode="decimal" {...field("ttftRatio")} />
          <TextField label="Times the cost" inputMode="decimal" {...field("costRatio")} />
          <TextField label="Requests of each first" inputMode="numeric" {...field("minRequests")} />
        </div>
      </Disclosure>
    </>
  );
}
