import { asProblem } from "@/api/problem";
import type { Webhook } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";
import { useToast } from "@/components/ui/toaster";
import { useDeleteWebhook } from "../api/change-webhook";

interface DeleteWebhookDialogProps {
  organization: string;
  deleting: Webhook;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteWebhookDialog({
  organization,
  deleting,
  onClose,
  onDeleted,
}: DeleteWebhookDialogProps) {
  const remove = useDeleteWebhook(organization, deleting.id);
  const toast = useToast();

  function confirm() {
    remove.mutate(undefined, {
      onSuccess: () => {
        toast(`“${deleting.name}” is deleted.`);
        onDeleted();
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Delete webhook ${deleting.name}`}
      description="What it has not been told yet, it is not told. Its secret signs nothing any more."
    >
      {remove.error && <Notice tone="bad">{asProblem(remove.error).message}</Notice>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="danger" onClick={confirm} pending={remove.isPending && "Deleting…"}>
          Delete webhook
        </Button>
      </DialogActions>
    </Dialog>
  );
}
