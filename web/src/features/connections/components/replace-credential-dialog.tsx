import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Connection } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { useUpdateConnection } from "../api/update-connection";
import styles from "./form.module.css";

interface ReplaceCredentialDialogProps {
  project: string;
  replacing: Connection;
  onClose: () => void;
  onReplaced: (connection: Connection) => void;
}

export function ReplaceCredentialDialog({
  project,
  replacing,
  onClose,
  onReplaced,
}: ReplaceCredentialDialogProps) {
  const update = useUpdateConnection(project);
  const [credential, setCredential] = useState("");
  const problem = update.error ? asProblem(update.error) : null;

  function submit(event: FormEvent) {
    event.preventDefault();
    update.mutate(
      { connection: replacing.id, change: { credential: credential.trim() } },
      {
        onSuccess: (connection) => {
          onClose();
          onReplaced(connection);
        },
      },
    );
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`New credential for “${replacing.slug}”`}
      description="Replaces the stored one. Calls under way finish with the old credential."
    >
      <form className={styles["form"]} onSubmit={submit}>
        {problem && !problem.fields["credential"] && <Notice tone="bad">{problem.message}</Notice>}
        <TextField
          label="Credential"
          type="password"
          autoComplete="off"
          required
          value={credential}
          error={problem?.fields["credential"]}
          onChange={(event) => setCredential(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={update.isPending && "Saving…"}>
            Save and test
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
