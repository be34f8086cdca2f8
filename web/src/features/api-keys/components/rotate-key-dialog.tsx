import type { Key, KeyWithSecret } from "@/api/types";
import { RotateDialog } from "@/components/ui/rotate-dialog";
import { useRotateKey } from "../api/rotate-key";

interface RotateKeyDialogProps {
  project: string;
  rotating: Key;
  onClose: () => void;
  onRotated: (key: KeyWithSecret) => void;
}

export function RotateKeyDialog({ project, rotating, onClose, onRotated }: RotateKeyDialogProps) {
  return (
    <RotateDialog
      name={rotating.name}
      description="A new secret is made. During the overlap both secrets work, so that you can switch without a gap."
      warning="Applications with the old secret fail until they are updated."
      action="Rotate key"
      rotate={useRotateKey(project, rotating.id)}
      onClose={onClose}
      onRotated={onRotated}
    />
  );
}
