import type { Webhook, WebhookWithSecret } from "@/api/types";
import { RotateDialog } from "@/components/ui/rotate-dialog";
import { useRotateWebhook } from "../api/rotate-webhook";

interface RotateWebhookDialogProps {
  organization: string;
  rotating: Webhook;
  onClose: () => void;
  onRotated: (webhook: WebhookWithSecret) => void;
}

export function RotateWebhookDialog(props: RotateWebhookDialogProps) {
  const { organization, rotating, onClose, onRotated } = props;
  return (
    <RotateDialog
      name={rotating.name}
      description="A new secret is made. During the overlap messages are signed with both, so that the receiver can switch without a gap."
      warning="A receiver with the old secret refuses messages until it is updated."
      action="Rotate secret"
      rotate={useRotateWebhook(organization, rotating.id)}
      onClose={onClose}
      onRotated={onRotated}
    />
  );
}
