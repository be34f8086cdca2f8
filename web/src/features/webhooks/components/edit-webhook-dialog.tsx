import { type FormEvent, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Webhook } from "@/api/types";
import { Button } from "@/components/ui/button";
import { DialogActions } from "@/components/ui/dialog";
import { EditDialog, OutdatedNotice } from "@/components/ui/edit-dialog";
import { FormProblem } from "@/components/ui/form-problem";
import { useToast } from "@/components/ui/toaster";
import { useUpdateWebhook } from "../api/change-webhook";
import { readWebhook } from "../api/get-webhook";
import styles from "./form.module.css";
import { WEBHOOK_PLACES, WebhookFields } from "./webhook-fields";

interface EditWebhookDialogProps {
  organization: string;
  editing: Webhook;
  onClose: () => void;
}

export function EditWebhookDialog({ organization, editing, onClose }: EditWebhookDialogProps) {
  return (
    <EditDialog
      title={`Edit “${editing.name}”`}
      subject={["webhook", organization, editing.id]}
      read={(signal) => readWebhook(organization, editing.id, signal)}
      onClose={onClose}
    >
      {(current, reload) => (
        <EditForm organization={organization} current={current} onReload={reload} onClose={onClose} />
      )}
    </EditDialog>
  );
}

interface EditFormProps {
  organization: string;
  current: Tagged<Webhook>;
  onReload: () => void;
  onClose: () => void;
}

function EditForm({ organization, current: { value, etag }, onReload, onClose }: EditFormProps) {
  const update = useUpdateWebhook(organization, value.id);
  const toast = useToast();
  const [draft, setDraft] = useState({ name: value.name, url: value.url });
  const problem = update.error ? asProblem(update.error) : null;

  function submit(event: FormEvent) {
    event.preventDefault();
    update.mutate(
      { change: { name: draft.name.trim(), url: draft.url.trim() }, etag },
      {
        onSuccess: ({ name }) => {
          onClose();
          toast(`“${name}” is changed.`);
        },
      },
    );
  }

  return (
    <form className={styles["form"]} onSubmit={submit}>
      {problem?.status === 412 ? (
        <OutdatedNotice onReload={onReload} />
      ) : (
        <FormProblem error={update.error} places={WEBHOOK_PLACES} />
      )}
      <WebhookFields draft={draft} onChange={setDraft} errors={problem?.pointers ?? {}} />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" pending={update.isPending && "Saving…"}>
          Save
        </Button>
      </DialogActions>
    </form>
  );
}
