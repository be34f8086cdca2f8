import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import { SCOPE_PLACES, ScopeFields } from "@/components/scope/scope-fields";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { FormProblem } from "@/components/ui/form-problem";
import { useToast } from "@/components/ui/toaster";
import type { CurrentProject } from "@/hooks/use-project";
import { useCreateBudget } from "../api/create-budget";
import { type BudgetDraft, createBody, newBudget } from "../lib/budget-draft";
import { BudgetTerms, TERM_PLACES } from "./budget-terms";
import styles from "./form.module.css";

interface CreateBudgetDialogProps {
  current: CurrentProject;
  onClose: () => void;
}

export function CreateBudgetDialog({ current, onClose }: CreateBudgetDialogProps) {
  const create = useCreateBudget(current.organization.id);
  const toast = useToast();
  const [draft, setDraft] = useState<BudgetDraft>(() => newBudget(current.id));
  const errors = create.error ? asProblem(create.error).pointers : {};

  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate(createBody(draft), {
      onSuccess: (budget) => {
        onClose();
        toast(`“${budget.name}” is in force.`);
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title="Create budget"
      description="Its first window opens now. What was spent before does not count."
    >
      <form className={styles["form"]} onSubmit={submit}>
        <FormProblem error={create.error} places={[...TERM_PLACES, ...SCOPE_PLACES]} />
        <BudgetTerms
          draft={draft}
          onChange={setDraft}
          errors={errors}
          scope={
            <ScopeFields
              current={current}
              draft={draft.scope}
              onChange={(scope) => setDraft({ ...draft, scope })}
              parts={["session", "tag", "route"]}
              errors={errors}
            />
          }
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={create.isPending && "Creating…"}>
            Create budget
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
