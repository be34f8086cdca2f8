// A secret that was just made, with what becomes of the one before it.
import { formatMoment, formatUtc } from "@/lib/time";
import { Button } from "./button";
import { Dialog, DialogActions } from "./dialog";
import { Notice } from "./notice";
import { SecretOnce } from "./secret-once";

export interface Revealed {
  name: string;
  secret: string;
  previous_secret_valid_until: string | null;
}

interface SecretDialogProps {
  revealed: Revealed | null;
  /** Of what it is the secret. */
  label: string;
  description: string;
  onSaved: () => void;
}

/** Shows a new secret once. Only its own button closes it, so that a stray Escape cannot lose the secret. */
export function SecretDialog({ revealed, label, description, onSaved }: SecretDialogProps) {
  if (!revealed) return null;
  const overlap = revealed.previous_secret_valid_until;
  return (
    <Dialog
      open
      closable={false}
      onOpenChange={(next) => !next && onSaved()}
      title={`Secret of “${revealed.name}”`}
      description={description}
    >
      <SecretOnce secret={revealed.secret} label={label} />
      {overlap && (
        <Notice tone="warn">
          The old secret keeps working until <time title={formatUtc(overlap)}>{formatMoment(overlap)}</time>.
        </Notice>
      )}
      <DialogActions>
        <Button variant="primary" onClick={onSaved}>
          I saved it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
