// Asks for how long the old secret works on, and makes a new one.
import type { UseMutationResult } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import { Button } from "./button";
import { Dialog, DialogActions } from "./dialog";
import { SelectField } from "./field";
import { Notice } from "./notice";
import styles from "./rotate-dialog.module.css";

const OVERLAPS = [
  { seconds: 0, label: "Stop the old secret at once" },
  { seconds: 900, label: "15 minutes" },
  { seconds: 3_600, label: "1 hour" },
  { seconds: 86_400, label: "1 day" },
  { seconds: 604_800, label: "7 days" },
];
const DEFAULT_OVERLAP = 86_400;

interface RotateDialogProps<T> {
  name: string;
  description: string;
  /** What happens when the old secret stops at once. */
  warning: string;
  action: string;
  /** Takes the overlap in seconds. */
  rotate: UseMutationResult<T, Error, number>;
  onClose: () => void;
  onRotated: (made: T) => void;
}

export function RotateDialog<T>(props: RotateDialogProps<T>) {
  const { name, description, warning, action, rotate, onClose, onRotated } = props;
  const [overlap, setOverlap] = useState(DEFAULT_OVERLAP);

  function submit(event: FormEvent) {
    event.preventDefault();
    rotate.mutate(overlap, {
      onSuccess: (made) => {
        onClose();
        onRotated(made);
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Rotate “${name}”`}
      description={description}
    >
      <form className={styles["form"]} onSubmit={submit}>
        {rotate.error && <Notice tone="bad">{asProblem(rotate.error).message}</Notice>}
        <SelectField
          label="Overlap"
          value={overlap}
          hint={overlap === 0 ? warning : undefined}
          onChange={(event) => setOverlap(Number(event.target.value))}
        >
          {OVERLAPS.map(({ seconds, label }) => (
            <option key={seconds} value={seconds}>
              {label}
            </option>
          ))}
        </SelectField>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={rotate.isPending && "Rotating…"}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
