// Changes a budget: only what differs is sent, so that a new limit cannot reopen the window by accident.
import { type FormEvent, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Budget } from "@/api/types";
import { Button } from "@/components/ui/button";
import { DialogActions } from "@/components/ui/dialog";
import { EditDialog, OutdatedNotice } from "@/components/ui/edit-dialog";
import { FormProblem } from "@/components/ui/form-problem";
import { useToast } from "@/components/ui/toaster";
import { type ScopeNames, scopeWords } from "@/lib/scope";
import { readBudget } from "../api/get-budget";
import { useUpdateBudget } from "../api/update-budget";
import { changeBody, draftOf, reopens } from "../lib/budget-draft";
import { BudgetTerms, TERM_PLACES } from "./budget-terms";
import { ChangeNotice } from "./change-notice";
import styles from "./form.module.css";

interface EditBudgetDialogProps {
  organization: string;
  editing: Budget;
  names: ScopeNames;
  onClose: () => void;
}

export function EditBudgetDialog({ organization, editing, names, onClose }: EditBudgetDialogProps) {
  return (
    <EditDialog
      title={`Edit “${editing.name}”`}
      subject={["budget", organization, editing.id]}
      read={(signal) => readBudget(organization, editing.id, signal)}
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
  current: Tagged<Budget>;
  names: ScopeNames;
  onReload: () => void;
  onClose: () => void;
}

function EditForm({ organization, current, names, onReload, onClose }: EditFormProps) {
  const update = useUpdateBudget(organization);
  const toast = useToast();
  const { value: budget, etag } = current;
  const [draft, setDraft] = useState(() => draftOf(budget));
  const change = changeBody(draft, budget);
  const problem = update.error ? asProblem(update.error) : null;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (Object.keys(change).length === 0) return onClose();
    update.mutate(
      { budget: budget.id, etag, change },
      {
        onSuccess: (changed) => {
          onClose();
          toast(
            reopens(change)
              ? `“${changed.name}” is changed. A new window is open.`
              : `“${changed.name}” is changed.`,
          );
        },
      },
    );
  }

  return (
    <form className={styles["form"]} onSubmit={submit}>
      {problem?.status === 412 ? (
        <OutdatedNotice onReload={onReload} />
      ) : (
        <FormProblem error={update.error} places={TERM_PLACES} />
      )}
      <BudgetTerms
        draft={draft}
        onChange={setDraft}
        errors={problem?.pointers ?? {}}
        scope={
          <p className={styles["sentence"]}>
            Counts calls of {scopeWords(budget.scope, names)}. This cannot be changed; make another budget for
            other calls.
          </p>
        }
        notice={<ChangeNotice budget={budget} change={change} />}
      />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" pending={update.isPending && "Saving…"}>
          Save
        </Button>
      </DialogActions>
    </form>
  );
}
