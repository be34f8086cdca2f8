import { type FormEvent, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Limit } from "@/api/types";
import { Button } from "@/components/ui/button";
import { DialogActions } from "@/components/ui/dialog";
import { EditDialog, OutdatedNotice } from "@/components/ui/edit-dialog";
import { FormProblem } from "@/components/ui/form-problem";
import { useToast } from "@/components/ui/toaster";
import { type ScopeNames, scopeWords } from "@/lib/scope";
import { readLimit } from "../api/read-limit";
import { useUpdateLimit } from "../api/update-limit";
import { changeBody, draftOf } from "../lib/limit-draft";
import { metricLabel } from "../lib/metrics";
import styles from "./form.module.css";
import { RATE_PLACES, RateFields } from "./rate-fields";

interface EditLimitDialogProps {
  organization: string;
  editing: Limit;
  names: ScopeNames;
  onClose: () => void;
}

export function EditLimitDialog({ organization, editing, names, onClose }: EditLimitDialogProps) {
  return (
    <EditDialog
      title={`Edit limit: ${metricLabel(editing.metric).toLowerCase()}`}
      subject={["limit", organization, editing.id]}
      read={(signal) => readLimit(organization, editing.id, signal)}
      onClose={onClose}
    >
      {(current, reload) => (
        <EditForm
          organization={organization}
          current={current}
          names={names}
          onReload={reload}
          onClose={onClose}
        />
      )}
    </EditDialog>
  );
}

interface EditFormProps {
  organization: string;
  current: Tagged<Limit>;
  names: ScopeNames;
  onReload: () => void;
  onClose: () => void;
}

function EditForm({ organization, current, names, onReload, onClose }: EditFormProps) {
  const update = useUpdateLimit(organization);
  const toast = useToast();
  const { value: limit, etag } = current;
  const [draft, setDraft] = useState(() => draftOf(limit));
  const problem = update.error ? asProblem(update.error) : null;

  function submit(event: FormEvent) {
    event.preventDefault();
    update.mutate(
      { limit: limit.id, etag, change: changeBody(draft) },
      {
        onSuccess: () => {
          onClose();
          toast("The limit is changed.");
        },
      },
    );
  }

  return (
    <form className={styles["form"]} onSubmit={submit}>
      {problem?.status === 412 ? (
        <OutdatedNotice onReload={onReload} />
      ) : (
        <FormProblem error={update.error} places={RATE_PLACES} />
      )}
      <RateFields draft={draft} onChange={setDraft} errors={problem?.pointers ?? {}} />
      <p className={styles["sentence"]}>
        Counts calls of {scopeWords(limit.scope, names)}. This cannot be changed; make another limit for other
        calls.
      </p>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" pending={update.isPending && "Saving…"}>
          Save
        </Button>
      </DialogActions>
    </form>
  );
}
