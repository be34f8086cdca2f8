import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { WebhookWithSecret } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { FormProblem } from "@/components/ui/form-problem";
import { useCreateWebhook } from "../api/create-webhook";
import styles from "./form.module.css";
import { WEBHOOK_PLACES, WebhookFields } from "./webhook-fields";

interface CreateWebhookDialogProps {
  organization: string;
  onClose: () => void;
  onCreated: (webhook: WebhookWithSecret) => void;
}

export function CreateWebhookDialog({ organization, onClose, onCreated }: CreateWebhookDialogProps) {
  const create = useCreateWebhook(organization);
  const [draft, setDraft] = useState({ name: "", url: "" });

  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate({ name: draft.name.trim(), url: draft.url.trim() }, { onSuccess: onCreated });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title="Create webhook"
      description="It is told when spending reaches a share of any budget of the organization."
    >
      <form className={styles["form"]} onSubmit={submit}>
        <FormProblem error={create.error} places={WEBHOOK_PLACES} />
        <WebhookFields
          draft={draft}
          onChange={setDraft}
          errors={create.error ? asProblem(create.error).pointers : {}}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={create.isPending && "Creating…"}>
            Create webhook
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
