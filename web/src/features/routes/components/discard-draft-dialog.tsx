import { asProblem, type Tagged } from "@/api/problem";
import type { RouteDraft } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";
import { useDiscardDraft } from "../api/discard-draft";

interface DiscardDraftDialogProps {
  project: string;
  draft: Tagged<RouteDraft>;
  onClose: () => void;
  onDiscarded: () => void;
}

export function DiscardDraftDialog({ project, draft, onClose, onDiscarded }: DiscardDraftDialogProps) {
  const { value, etag } = draft;
  const discard = useDiscardDraft(project, value.route);
  const what =
    value.published_version === null
      ? "The route was never published, so it goes with its draft, and its name is free again."
      : `What is published stays as it is: version ${value.published_version}.`;
  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Discard the draft of ${value.slug}`}
      description={`${what} The draft cannot be brought back.`}
    >
      {discard.error && (
        <Notice tone="bad">
          {asProblem(discard.error).status === 412
            ? "Somebody wrote the draft since you opened it. Close this, load the page again, and look at it first."
            : asProblem(discard.error).message}
        </Notice>
      )}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          variant="danger"
          pending={discard.isPending && "Discarding…"}
          onClick={() => discard.mutate(etag, { onSuccess: onDiscarded })}
        >
          Discard draft
        </Button>
      </DialogActions>
    </Dialog>
  );
}
