import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Key, KeyWithSecret } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { SelectField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { useRotateKey } from "../api/rotate-key";
import styles from "./form.module.css";

const OVERLAPS = [
  { seconds: 0, label: "Stop the old secret at once" },
  { seconds: 900, label: "15 minutes" },
  { seconds: 3_600, label: "1 hour" },
  { seconds: 86_400, label: "1 day" },
  { seconds: 604_800, label: "7 days" },
];
const DEFAULT_OVERLAP = 86_400;

interface RotateKeyDialogProps {
  project: string;
  rotating: Key;
  onClose: () => void;
  onRotated: (key: KeyWithSecret) => void;
}

export function RotateKeyDialog({ project, rotating, onClose, onRotated }: RotateKeyDialogProps) {
  const rotate = useRotateKey(project);
  const [overlap, setOverlap] = useState(DEFAULT_OVERLAP);

  function submit(event: FormEvent) {
    event.preventDefault();
    rotate.mutate(
      { key: rotating.id, overlap_seconds: overlap },
      {
        onSuccess: (key) => {
          onClose();
          onRotated(key);
        },
      },
    );
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Rotate “${rotating.name}”`}
      description="A new secret is made. During the overlap both secrets work, so that you can switch without a gap."
    >
      <form className={styles["form"]} onSubmit={submit}>
        {rotate.error && <Notice tone="bad">{asProblem(rotate.error).message}</Notice>}
        <SelectField
          label="Overlap"
          value={overlap}
          hint={overlap === 0 ? "Applications with the old secret fail until they are updated." : undefined}
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
            Rotate key
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
