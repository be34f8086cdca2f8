// A statement of the organization: about what, which facts, and what shows it.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { providersQuery } from "@/api/list-providers";
import { asProblem, messageAt } from "@/api/problem";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Disclosure } from "@/components/ui/disclosure";
import { SelectField, TextAreaField, TextField } from "@/components/ui/field";
import { FormProblem } from "@/components/ui/form-problem";
import { useToast } from "@/components/ui/toaster";
import { useConnectionNames } from "@/hooks/use-connection-names";
import type { CurrentProject } from "@/hooks/use-project";
import { useStateFacts } from "../api/statements";
import { MODEL_FACTS } from "../lib/fact-words";
import { newStatement, PLACES, type StatementDraft, statementBody } from "../lib/statement-draft";
import { ModelFactFields, OperatorFactFields } from "./fact-fields";
import styles from "./fact-fields.module.css";

interface StateFactsDialogProps {
  current: CurrentProject;
  onClose: () => void;
}

export function StateFactsDialog({ current, onClose }: StateFactsDialogProps) {
  const state = useStateFacts(current.organization.id);
  const providers = useQuery(providersQuery);
  const connections = useConnectionNames(current.id);
  const toast = useToast();
  const [draft, setDraft] = useState(() => newStatement("", new Date().toISOString().slice(0, 10)));
  const errors = state.error ? asProblem(state.error).pointers : {};
  const change = (part: Partial<StatementDraft>) => setDraft({ ...draft, ...part });

  function submit(event: FormEvent) {
    event.preventDefault();
    state.mutate(statementBody(draft), {
      onSuccess: () => {
        onClose();
        toast("The statement counts within seconds.");
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title="State facts"
      description={`${current.organization.name} answers for it: constraints count it as known. Who stated it is kept in the audit trail.`}
    >
      <form className={styles["form"]} onSubmit={submit}>
        <FormProblem error={state.error} places={PLACES} />
        <div className={styles["pair"]}>
          <SelectField
            label="Provider"
            value={draft.provider}
            error={errors["/about/provider"] ?? errors["/about"]}
            onChange={(event) => change({ provider: event.target.value })}
          >
            <option value="">Any</option>
            {providers.data?.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
          <SelectField
            label="Connection"
            value={draft.connection}
            error={errors["/about/connection"]}
            onChange={(event) => change({ connection: event.target.value })}
          >
            <option value="">Any</option>
            {[...connections].map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
        </div>
        <TextField
          label="Model"
          optional
          placeholder="openai/gpt-4o*"
          value={draft.model}
          error={errors["/about/model"]}
          hint="A name, or its beginning followed by *. The more particular statement holds."
          onChange={(event) => change({ model: event.target.value })}
        />
        <OperatorFactFields draft={draft} onChange={change} errors={errors} />
        <Disclosure
          title="Facts of the model"
          forced={MODEL_FACTS.some((name) => messageAt(errors, `/facts/${name}`))}
        >
          <ModelFactFields draft={draft} onChange={change} errors={errors} />
        </Disclosure>
        <TextAreaField
          label="Evidence"
          required
          rows={2}
          minLength={10}
          maxLength={1_000}
          value={draft.evidence}
          error={errors["/evidence"]}
          hint="The address of a page, or a contract and its number."
          onChange={(event) => change({ evidence: event.target.value })}
        />
        <TextField
          label="Day of the evidence"
          required
          type="date"
          value={draft.as_of}
          error={errors["/as_of"]}
          onChange={(event) => change({ as_of: event.target.value })}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={state.isPending && "Stating…"}>
            State facts
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
