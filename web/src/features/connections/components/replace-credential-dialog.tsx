import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Connection, CredentialForm, Provider } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";
import { useUpdateConnection } from "../api/update-connection";
import { credentialText, emptyDraft } from "../lib/credential";
import { CredentialFields } from "./credential-fields";
import styles from "./form.module.css";

interface ReplaceCredentialDialogProps {
  project: string;
  replacing: Connection;
  /** The provider of the connection; absent when this release does not know it. */
  provider: Provider | undefined;
  onClose: () => void;
  onReplaced: (connection: Connection) => void;
}

/** What is asked for where the provider is not known. */
const KEY: CredentialForm[] = [{ kind: "api_key", label: "Credential", hint: "", fields: [] }];

export function ReplaceCredentialDialog({
  project,
  replacing,
  provider,
  onClose,
  onReplaced,
}: ReplaceCredentialDialogProps) {
  const update = useUpdateConnection(project);
  const forms = provider?.credentials ?? KEY;
  const [credential, setCredential] = useState(() => emptyDraft(forms));
  const problem = update.error ? asProblem(update.error) : null;

  function submit(event: FormEvent) {
    event.preventDefault();
    update.mutate(
      { connection: replacing.id, change: { credential: credentialText(forms, credential) } },
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
        <CredentialFields
          forms={forms}
          draft={credential}
          required
          error={problem?.fields["credential"]}
          onChange={setCredential}
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
