// Changes a budget: only what differs is sent, so that a new limit cannot reopen the window by accident.
import { useState } from "react";
import type { Tagged } from "@/api/problem";
import type { Budget } from "@/api/types";
import { EditDialog } from "@/components/ui/edit-dialog";
import { EditForm } from "@/components/ui/edit-form";
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
        <BudgetForm
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

interface BudgetFormProps {
  organization: string;
  current: Tagged<Budget>;
  names: ScopeNames;
  onReload: () => void;
  onClose: () => void;
}

function BudgetForm({ organization, current, names, onReload, onClose }: BudgetFormProps) {
  const update = useUpdateBudget(organization);
  const toast = useToast();
  const { value: budget, etag } = current;
  const [draft, setDraft] = useState(() => draftOf(budget));
  const change = changeBody(draft, budget);

  function save() {
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
    <EditForm save={update} places={TERM_PLACES} onSave={save} onReload={onReload} onClose={onClose}>
      {(errors) => (
        <BudgetTerms
          draft={draft}
          onChange={setDraft}
          errors={errors}
          scope={
            <p className={styles["sentence"]}>
              Counts calls of {scopeWords(budget.scope, names)}. This cannot be changed; make another budget
              for other calls.
            </p>
          }
          notice={<ChangeNotice budget={budget} change={change} />}
        />
      )}
    </EditForm>
  );
}
