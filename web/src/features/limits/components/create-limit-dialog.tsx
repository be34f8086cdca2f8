import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { providersQuery } from "@/api/list-providers";
import { asProblem } from "@/api/problem";
import { SCOPE_PLACES, ScopeFields } from "@/components/scope/scope-fields";
import { Button } from "@/components/ui/button";
import { ChoiceField } from "@/components/ui/choice-field";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { FormProblem } from "@/components/ui/form-problem";
import { useToast } from "@/components/ui/toaster";
import type { CurrentProject } from "@/hooks/use-project";
import { useCreateLimit } from "../api/create-limit";
import { createBody, newLimit } from "../lib/limit-draft";
import { METRICS } from "../lib/metrics";
import styles from "./form.module.css";
import { RATE_PLACES, RateFields } from "./rate-fields";

interface CreateLimitDialogProps {
  current: CurrentProject;
  onClose: () => void;
}

export function CreateLimitDialog({ current, onClose }: CreateLimitDialogProps) {
  const create = useCreateLimit(current.organization.id);
  const providers = useQuery(providersQuery);
  const toast = useToast();
  const [draft, setDraft] = useState(() => newLimit(current.id));
  const errors = create.error ? asProblem(create.error).pointers : {};

  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate(createBody(draft), {
      onSuccess: () => {
        onClose();
        toast("The limit is in force.");
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title="Create limit"
      description="Calls beyond it are refused with 429 and told when to come again."
    >
      <form className={styles["form"]} onSubmit={submit}>
        <FormProblem error={create.error} places={[...RATE_PLACES, ...SCOPE_PLACES]} />
        <ChoiceField
          label="What it counts"
          value={draft.metric}
          options={METRICS}
          onChange={(metric) => setDraft({ ...draft, metric })}
        />
        <RateFields draft={draft} onChange={setDraft} errors={errors} />
        <ScopeFields
          current={current}
          draft={draft.scope}
          onChange={(scope) => setDraft({ ...draft, scope })}
          parts={["provider"]}
          providers={providers.data ?? []}
          errors={errors}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={create.isPending && "Creating…"}>
            Create limit
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
