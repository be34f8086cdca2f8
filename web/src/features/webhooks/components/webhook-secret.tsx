import type { WebhookWithSecret } from "@/api/types";
import { SecretDialog } from "@/components/ui/secret-dialog";

interface WebhookSecretProps {
  revealed: WebhookWithSecret | null;
  onSaved: () => void;
}

export function WebhookSecret({ revealed, onSaved }: WebhookSecretProps) {
  return (
    <SecretDialog
      revealed={revealed}
      label="Webhook secret"
      description="Its messages are signed with it, as Standard Webhooks are. Copy it now; it cannot be shown again."
      onSaved={onSaved}
    />
  );
}
