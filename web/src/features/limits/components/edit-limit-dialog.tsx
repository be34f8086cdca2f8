import { useState } from "react";
import type { Tagged } from "@/api/problem";
import type { Limit } from "@/api/types";
import { EditDialog } from "@/components/ui/edit-dialog";
import { EditForm } from "@/components/ui/edit-form";
import { useToast } from "@/components/ui/toaster";
import { type ScopeNames, scopeWords } from "@/lib/scope";
import { readLimit } from "../api/read-limit";
import { useUpdateLimit } from "../api/update-limit";
import { changeBody, draftOf } from "../lib/limit-draft";
import { metricLabel } from "../lib/metrics";
import styles from "./form.module.css";
import { RATE_PLACES, RateFields } from "./rate-fields";

interface EditLimitDialogProps {
  organization: string;
  editing: Limit;
  names: ScopeNames;
  onClose: () => void;
}

export function EditLimitDialog({ organization, editing, names, onClose }: EditLimitDialogProps) {
  return (
    <EditDialog
      title={`Edit limit: ${metricLabel(editing.metric).toLowerCase()}`}
      subject={["limit", organization, editing.id]}
      read={(signal) => readLimit(organization, editing.id, signal)}
      onClose={onClose}
    >
      {(current, reload) => (
        <LimitForm
          organization={organization}
          current={current}
          names={names}
          onReload={reload}
          onClose={onClose}
        />
      )}
    </EditDialog>
  );
}

interface LimitFormProps {
  organization: string;
  current: Tagged<Limit>;
  names: ScopeNames;
  onReload: () => void;
  onClose: () => void;
}

function LimitForm({ organization, current, names, onReload, onClose }: LimitFormProps) {
  const update = useUpdateLimit(organization);
  const toast = useToast();
  const { value: limit, etag } = current;
  const [draft, setDraft] = useState(() => draftOf(limit));

  function save() {
    update.mutate(
      { limit: limit.id, etag, change: changeBody(draft) },
      {
        onSuccess: () => {
          onClose();
          toast("The limit is changed.");
        },
      },
    );
  }

  return (
    <EditForm save={update} places={RATE_PLACES} onSave={save} onReload={onReload} onClose={onClose}>
      {(errors) => (
        <>
          <RateFields draft={draft} onChange={setDraft} errors={errors} />
          <p className={styles["sentence"]}>
            Counts calls of {scopeWords(limit.scope, names)}. This cannot be changed; make another limit for
            other calls.
          </p>
        </>
      )}
    </EditForm>
  );
}
