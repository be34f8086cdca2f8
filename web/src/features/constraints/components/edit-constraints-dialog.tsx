import { useState } from "react";
import type { Tagged } from "@/api/problem";
import type { Constraints } from "@/api/types";
import { EditDialog } from "@/components/ui/edit-dialog";
import { EditForm } from "@/components/ui/edit-form";
import { useToast } from "@/components/ui/toaster";
import { type Holder, readConstraints, useSaveConstraints } from "../api/constraints";
import { draftOf, placesUnder, writtenOf } from "../lib/constraint-draft";
import { ConstraintFields } from "./constraint-fields";

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
        <ConstraintsForm
          holder={holder}
          current={current}
          above={above}
          onReload={reload}
          onClose={onClose}
        />
      )}
    </EditDialog>
  );
}

interface ConstraintsFormProps {
  holder: Holder;
  current: Tagged<Constraints>;
  above: Constraints | null;
  onReload: () => void;
  onClose: () => void;
}

function ConstraintsForm({ holder, current, above, onReload, onClose }: ConstraintsFormProps) {
  const save = useSaveConstraints(holder);
  const toast = useToast();
  const [draft, setDraft] = useState(() => draftOf(current.value));

  function submit() {
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
    <EditForm save={save} places={placesUnder(ROOT)} onSave={submit} onReload={onReload} onClose={onClose}>
      {(errors) => (
        <ConstraintFields draft={draft} onChange={setDraft} errors={errors} root={ROOT} above={above} />
      )}
    </EditForm>
  );
}
