import { asProblem } from "@/api/problem";
import type { Connection } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";
import { useDeleteConnection } from "../api/delete-connection";

interface DeleteConnectionDialogProps {
  project: string;
  deleting: Connection;
  onClose: () => void;
  onDeleted: (connection: Connection) => void;
}

export function DeleteConnectionDialog({
  project,
  deleting,
  onClose,
  onDeleted,
}: DeleteConnectionDialogProps) {
  const remove = useDeleteConnection(project);

  function confirm() {
    remove.mutate(deleting.id, {
      onSuccess: () => {
        onClose();
        onDeleted(deleting);
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Delete “${deleting.slug}”`}
      description="Models that only this connection serves stop answering, and its stored credential is erased. To pause it, disable it."
    >
      {remove.error && <Notice tone="bad">{asProblem(remove.error).message}</Notice>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="danger" onClick={confirm} pending={remove.isPending && "Deleting…"}>
          Delete connection
        </Button>
      </DialogActions>
    </Dialog>
  );
}
