import type { NewWebhook } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { SecretOnce } from "@/components/ui/secret-once";

interface WebhookSecretDialogProps {
  revealed: NewWebhook | null;
  onSaved: () => void;
}

/** Shows the secret once. Only its own button closes it, so that a stray Escape cannot lose the secret. */
export function WebhookSecretDialog({ revealed, onSaved }: WebhookSecretDialogProps) {
  if (!revealed) return null;
  return (
    <Dialog
      open
      closable={false}
      onOpenChange={(next) => !next && onSaved()}
      title={`Secret of “${revealed.name}”`}
      description="Its messages are signed with it, as Standard Webhooks are. Copy it now; it cannot be shown again."
    >
      <SecretOnce secret={revealed.secret} label="Webhook secret" />
      <DialogActions>
        <Button variant="primary" onClick={onSaved}>
          I saved it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
