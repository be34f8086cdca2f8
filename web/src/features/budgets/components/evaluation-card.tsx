// Asks what budgets would say to a call, before anybody makes it.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem, messageAt } from "@/api/problem";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { CheckField } from "@/components/ui/check-field";
import { Disclosure } from "@/components/ui/disclosure";
import { SelectField, TextField } from "@/components/ui/field";
import { FormProblem } from "@/components/ui/form-problem";
import type { CurrentProject } from "@/hooks/use-project";
import { projectPartsQuery } from "@/hooks/use-scope-names";
import { useEvaluation } from "../api/evaluate";
import { CALL_PLACES, callBody, type EvaluationDraft, NO_CALL } from "../lib/evaluation-draft";
import styles from "./evaluation-card.module.css";
import { EvaluationResult } from "./evaluation-result";

export function EvaluationCard({ current }: { current: CurrentProject }) {
  const evaluation = useEvaluation(current.organization.id);
  const parts = useQuery(projectPartsQuery(current.id));
  const [draft, setDraft] = useState(NO_CALL);
  const keys = parts.data?.keys ?? [];
  const key = draft.key || (keys[0]?.id ?? "");
  const pointers = evaluation.error ? asProblem(evaluation.error).pointers : {};

  function change(next: Partial<EvaluationDraft>) {
    setDraft({ ...draft, ...next });
    // An answer is about the call it was asked for.
    evaluation.reset();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    evaluation.mutate(callBody({ ...draft, key }));
  }

  if (parts.data && keys.length === 0) return null;
  return (
    <Card label="Evaluation">
      <form className={styles["form"]} onSubmit={submit}>
        <div>
          <h2 className={styles["title"]}>What would the budgets say?</h2>
          <p className={styles["note"]}>
            To a call that might be made now. Nothing is reserved, so a moment later it may be something else.
            Rate limits and prepaid credit are not looked at.
          </p>
        </div>
        <FormProblem error={evaluation.error} places={CALL_PLACES} />
        <div className={styles["fields"]}>
          <SelectField
            label="Key"
            value={key}
            error={messageAt(pointers, "/key")}
            onChange={(event) => change({ key: event.target.value })}
          >
            {keys.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
          <TextField
            label="Model"
            required
            placeholder="openai/gpt-4o-mini"
            value={draft.model}
            error={messageAt(pointers, "/model")}
            onChange={(event) => change({ model: event.target.value })}
          />
          <TextField
            label="Most it can cost, in US dollars"
            required
            inputMode="decimal"
            placeholder="0.05"
            value={draft.cost}
            error={messageAt(pointers, "/cost")}
            onChange={(event) => change({ cost: event.target.value })}
          />
        </div>
        <Disclosure
          title="More about the call"
          forced={["/route", "/end_user", "/session", "/tags"].some((place) => messageAt(pointers, place))}
        >
          <div className={styles["fields"]}>
            <SelectField
              label="Route"
              optional
              value={draft.route}
              error={messageAt(pointers, "/route")}
              onChange={(event) => change({ route: event.target.value })}
            >
              <option value="">none</option>
              {parts.data?.routes.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </SelectField>
            <TextField
              label="End user"
              optional
              value={draft.endUser}
              error={messageAt(pointers, "/end_user")}
              onChange={(event) => change({ endUser: event.target.value })}
            />
            <TextField
              label="Session"
              optional
              value={draft.session}
              error={messageAt(pointers, "/session")}
              onChange={(event) => change({ session: event.target.value })}
            />
            <TextField
              label="Tags"
              optional
              hint="Separated by commas."
              value={draft.tags}
              error={messageAt(pointers, "/tags")}
              onChange={(event) => change({ tags: event.target.value })}
            />
          </div>
          <CheckField
            label="Over a provider account of your own"
            checked={draft.isOwnConnection}
            onChange={(isOwnConnection) => change({ isOwnConnection })}
          />
        </Disclosure>
        <div>
          <Button type="submit" variant="primary" pending={evaluation.isPending && "Asking…"}>
            Ask the budgets
          </Button>
        </div>
        <div role="status">
          {evaluation.data && <EvaluationResult current={current} evaluation={evaluation.data} />}
        </div>
      </form>
    </Card>
  );
}
