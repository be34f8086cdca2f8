// Revoking cannot be undone: the dialog names what stops and asks for the key's name.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Key } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { TimeAgo } from "@/components/ui/time-ago";
import { plural } from "@/lib/format";
import { keyUsageQuery } from "../api/get-key-usage";
import { useRevokeKey } from "../api/revoke-key";
import styles from "./form.module.css";

interface RevokeKeyDialogProps {
  project: string;
  revoking: Key;
  onClose: () => void;
  onRevoked: (key: Key) => void;
}

export function RevokeKeyDialog({ project, revoking, onClose, onRevoked }: RevokeKeyDialogProps) {
  const revoke = useRevokeKey(project);
  const [typed, setTyped] = useState("");

  function submit(event: FormEvent) {
    event.preventDefault();
    if (typed.trim() !== revoking.name) return;
    revoke.mutate(revoking.id, {
      onSuccess: () => {
        onClose();
        onRevoked(revoking);
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Revoke “${revoking.name}”`}
      description={<BlastRadius project={project} revoking={revoking} />}
    >
      <form className={styles["form"]} onSubmit={submit}>
        {revoke.error && <Notice tone="bad">{asProblem(revoke.error).message}</Notice>}
        <TextField
          label={`Type ${revoking.name} to confirm`}
          required
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="danger"
            disabled={typed.trim() !== revoking.name}
            pending={revoke.isPending && "Revoking…"}
          >
            Revoke key
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function BlastRadius({ project, revoking }: { project: string; revoking: Key }) {
  const usage = useQuery(keyUsageQuery(project, revoking.id));
  return (
    <>
      <p>
        {usage.isSuccess && `It made ${plural(usage.data, "request")} in the last 7 days. `}
        {revoking.last_used_at ? (
          <>
            It was last used <TimeAgo at={revoking.last_used_at} />.
          </>
        ) : (
          "It has never been used."
        )}
      </p>
      <p>
        Applications that use it, or a key derived from it, are refused within seconds, and budgets over these
        keys end. This cannot be undone; to pause a key, disable it.
      </p>
    </>
  );
}
