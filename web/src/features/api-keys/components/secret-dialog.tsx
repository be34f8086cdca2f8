import type { KeyWithSecret } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";
import { SecretOnce } from "@/components/ui/secret-once";
import { formatMoment, formatUtc } from "@/lib/time";

/** Shows a new secret once. Only its own button closes it, so that a stray Escape cannot lose the secret. */
export function SecretDialog({ revealed, onSaved }: { revealed: KeyWithSecret | null; onSaved: () => void }) {
  if (!revealed) return null;
  const overlap = revealed.previous_secret_valid_until;
  return (
    <Dialog
      open
      closable={false}
      onOpenChange={(next) => !next && onSaved()}
      title={`Secret of “${revealed.name}”`}
      description="Copy it now and keep it like a password. It is not stored and cannot be shown again."
    >
      <SecretOnce secret={revealed.secret} label="Key secret" />
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
