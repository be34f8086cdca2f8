import { type FormEvent, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Constraints } from "@/api/types";
import { Button } from "@/components/ui/button";
import { DialogActions } from "@/components/ui/dialog";
import { EditDialog, OutdatedNotice } from "@/components/ui/edit-dialog";
import { FormProblem } from "@/components/ui/form-problem";
import { useToast } from "@/components/ui/toaster";
import { type Holder, readConstraints, useSaveConstraints } from "../api/constraints";
import { draftOf, placesUnder, writtenOf } from "../lib/constraint-draft";
import { ConstraintFields } from "./constraint-fields";
import styles from "./constraint-form.module.css";

const ROOT = "/constraints";

interface EditConstraintsDialogProps {
  holder: Holder;
  name: string;
  /** What the level above demands. */
  above: Constraints | null;
  onClose: () => void;
}

export function EditConstraintsDialog({ holder, name, above, onClose }: EditConstraintsDialogProps) {
  return (
    <EditDialog
      title={`Constraints of ${name}`}
      subject={["constraints", holder.level, holder.id]}
      read={(signal) => readConstraints(holder, signal)}
      onClose={onClose}
    >
      {(current, reload) => (
        <EditForm holder={holder} current={current} above={above} onReload={reload} onClose={onClose} />
      )}
    </EditDialog>
  );
}

interface EditFormProps {
  holder: Holder;
  current: Tagged<Constraints>;
  above: Constraints | null;
  onReload: () => void;
  onClose: () => void;
}

function EditForm({ holder, current, above, onReload, onClose }: EditFormProps) {
  const save = useSaveConstraints(holder);
  const toast = useToast();
  const [draft, setDraft] = useState(() => draftOf(current.value));
  const problem = save.error ? asProblem(save.error) : null;

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate(
      { constraints: writtenOf(draft), etag: current.etag },
      {
        onSuccess: () => {
          onClose();
          toast("The constraints are in force within seconds.");
        },
      },
    );
  }

  return (
    <form className={styles["form"]} onSubmit={submit}>
      {problem?.status === 412 ? (
        <OutdatedNotice onReload={onReload} />
      ) : (
        <FormProblem error={save.error} places={placesUnder(ROOT)} />
      )}
      <ConstraintFields
        draft={draft}
        onChange={setDraft}
        errors={problem?.pointers ?? {}}
        root={ROOT}
        above={above}
      />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" pending={save.isPending && "Saving…"}>
          Save
        </Button>
      </DialogActions>
    </form>
  );
}
