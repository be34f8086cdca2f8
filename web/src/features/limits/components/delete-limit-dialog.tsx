import { asProblem } from "@/api/problem";
import type { Limit } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";
import { useToast } from "@/components/ui/toaster";
import { type ScopeNames, scopeWords } from "@/lib/scope";
import { useDeleteLimit } from "../api/delete-limit";
import { amountWords, metricLabel } from "../lib/metrics";

interface DeleteLimitDialogProps {
  organization: string;
  deleting: Limit;
  names: ScopeNames;
  onClose: () => void;
}

export function DeleteLimitDialog({ organization, deleting, names, onClose }: DeleteLimitDialogProps) {
  const remove = useDeleteLimit(organization);
  const toast = useToast();

  function confirm() {
    remove.mutate(deleting.id, {
      onSuccess: () => {
        onClose();
        toast("The limit is deleted.");
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Delete limit: ${metricLabel(deleting.metric).toLowerCase()}`}
      description={`Calls of ${scopeWords(deleting.scope, names)} are no longer held to ${amountWords(deleting)}, within seconds. To pause a limit, disable it.`}
    >
      {remove.error && <Notice tone="bad">{asProblem(remove.error).message}</Notice>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="danger" onClick={confirm} pending={remove.isPending && "Deleting…"}>
          Delete limit
        </Button>
      </DialogActions>
    </Dialog>
  );
}
