// The form of an `EditDialog`: what is wrong with it above its fields, and the buttons below.
import type { FormEvent, ReactNode } from "react";
import { asProblem } from "@/api/problem";
import { Button } from "./button";
import { DialogActions } from "./dialog";
import { OutdatedNotice } from "./edit-dialog";
import styles from "./edit-form.module.css";
import { FormProblem } from "./form-problem";

interface EditFormProps {
  save: { error: unknown; isPending: boolean };
  /** JSON pointers of what the fields show by themselves. */
  places: readonly string[];
  onSave: () => void;
  onReload: () => void;
  onClose: () => void;
  /** The fields, with what the server said of each by its JSON pointer. */
  children: (errors: Record<string, string>) => ReactNode;
}

export function EditForm({ save, places, onSave, onReload, onClose, children }: EditFormProps) {
  const problem = save.error ? asProblem(save.error) : null;

  function submit(event: FormEvent) {
    event.preventDefault();
    onSave();
  }

  return (
    <form className={styles["form"]} onSubmit={submit}>
      {problem?.status === 412 ? (
        <OutdatedNotice onReload={onReload} />
      ) : (
        <FormProblem error={save.error} places={places} />
      )}
      {children(problem?.pointers ?? {})}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" pending={save.isPending && "Saving…"}>
          Save
        </Button>
      </DialogActions>
    </form>
  );
}
