import { useState } from "react";
import type { Tagged } from "@/api/problem";
import type { Webhook } from "@/api/types";
import { EditDialog } from "@/components/ui/edit-dialog";
import { EditForm } from "@/components/ui/edit-form";
import { useToast } from "@/components/ui/toaster";
import { useUpdateWebhook } from "../api/change-webhook";
import { readWebhook } from "../api/get-webhook";
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
        <WebhookForm organization={organization} current={current} onReload={reload} onClose={onClose} />
      )}
    </EditDialog>
  );
}

interface WebhookFormProps {
  organization: string;
  current: Tagged<Webhook>;
  onReload: () => void;
  onClose: () => void;
}

function WebhookForm({ organization, current: { value, etag }, onReload, onClose }: WebhookFormProps) {
  const update = useUpdateWebhook(organization, value.id);
  const toast = useToast();
  const [draft, setDraft] = useState({ name: value.name, url: value.url });

  function save() {
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
    <EditForm save={update} places={WEBHOOK_PLACES} onSave={save} onReload={onReload} onClose={onClose}>
      {(errors) => <WebhookFields draft={draft} onChange={setDraft} errors={errors} />}
    </EditForm>
  );
}
