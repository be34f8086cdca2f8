import { asProblem } from "@/api/problem";
import type { Budget } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";
import { useToast } from "@/components/ui/toaster";
import { type ScopeNames, scopeWords } from "@/lib/scope";
import { useDeleteBudget } from "../api/delete-budget";

interface DeleteBudgetDialogProps {
  organization: string;
  deleting: Budget;
  names: ScopeNames;
  onClose: () => void;
  onDeleted?: () => void;
}

export function DeleteBudgetDialog({
  organization,
  deleting,
  names,
  onClose,
  onDeleted,
}: DeleteBudgetDialogProps) {
  const remove = useDeleteBudget(organization);
  const toast = useToast();

  function confirm() {
    remove.mutate(deleting.id, {
      onSuccess: () => {
        onClose();
        onDeleted?.();
        toast(`“${deleting.name}” is deleted.`);
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Delete “${deleting.name}”`}
      description={`Calls of ${scopeWords(deleting.scope, names)} are no longer held to it, within seconds. Their requests keep their costs. To pause a budget, disable it.`}
    >
      {remove.error && <Notice tone="bad">{asProblem(remove.error).message}</Notice>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="danger" onClick={confirm} pending={remove.isPending && "Deleting…"}>
          Delete budget
        </Button>
      </DialogActions>
    </Dialog>
  );
}
