// Makes a key with less than another has: for a team, a job or an agent.
import { type FormEvent, useState } from "react";
import { asProblem, messageAt } from "@/api/problem";
import type { BudgetInterval, Key, KeyWithSecret } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { SelectField, TextField } from "@/components/ui/field";
import { FormProblem } from "@/components/ui/form-problem";
import { formatDay } from "@/lib/time";
import { useDeriveKey } from "../api/derive-key";
import { type DerivationDraft, deriveBody, endsInTime, NEW_DERIVATION } from "../lib/derivation";
import { EXPIRIES } from "../lib/expiry";
import styles from "./form.module.css";

const PLACES = ["/name", "/expires_at", "/allowed_models", "/limit/amount", "/interval"];

const INTERVALS: readonly { value: BudgetInterval; label: string }[] = [
  { value: "lifetime", label: "in its lifetime" },
  { value: "hour", label: "an hour" },
  { value: "day", label: "a day" },
  { value: "week", label: "a week" },
  { value: "month", label: "a month" },
];

interface DeriveKeyDialogProps {
  project: string;
  parent: Key;
  onClose: () => void;
  onDerived: (key: KeyWithSecret) => void;
}

export function DeriveKeyDialog({ project, parent, onClose, onDerived }: DeriveKeyDialogProps) {
  const derive = useDeriveKey(project);
  const [draft, setDraft] = useState<DerivationDraft>(NEW_DERIVATION);
  const [opened] = useState(() => Date.now());
  const set = (change: Partial<DerivationDraft>) => setDraft({ ...draft, ...change });
  const errors = derive.error ? asProblem(derive.error).pointers : {};

  function submit(event: FormEvent) {
    event.preventDefault();
    derive.mutate(
      { parent: parent.id, body: deriveBody(draft, Date.now()) },
      {
        onSuccess: (key) => {
          onClose();
          onDerived(key);
        },
      },
    );
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Derive from “${parent.name}”`}
      description="The new key can never do more than this one: it keeps to its models, its end and every budget over it, and stops with it."
    >
      <form className={styles["form"]} onSubmit={submit}>
        <FormProblem error={derive.error} places={PLACES} />
        <TextField
          label="Name"
          required
          maxLength={100}
          placeholder="run 42"
          value={draft.name}
          error={errors["/name"]}
          onChange={(event) => set({ name: event.target.value })}
        />
        <div className={styles["pair"]}>
          <TextField
            label="Limit in US dollars"
            optional
            inputMode="decimal"
            autoComplete="off"
            placeholder="1.00"
            value={draft.amount}
            error={errors["/limit/amount"]}
            hint="Makes a hard budget over it."
            onChange={(event) => set({ amount: event.target.value })}
          />
          <SelectField
            label="In"
            value={draft.interval}
            disabled={draft.amount.trim() === ""}
            error={errors["/interval"]}
            onChange={(event) => set({ interval: event.target.value as BudgetInterval })}
          >
            {INTERVALS.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
        </div>
        <SelectField
          label="Expires"
          value={draft.expiry}
          error={errors["/expires_at"]}
          onChange={(event) => set({ expiry: event.target.value as DerivationDraft["expiry"] })}
        >
          <option value="parent">
            {parent.expires_at ? `With its parent, ${formatDay(parent.expires_at)}` : "Never, as its parent"}
          </option>
          {EXPIRIES.filter(({ value }) => value !== "never" && endsInTime(value, parent, opened)).map(
            ({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ),
          )}
        </SelectField>
        <TextField
          label="Allowed models"
          optional
          placeholder={parent.allowed_models.join(", ") || "gpt-4o-mini, route/support"}
          value={draft.models}
          error={messageAt(errors, "/allowed_models")}
          hint="Of those its parent may ask for, separated by commas. Empty: the same."
          onChange={(event) => set({ models: event.target.value })}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={derive.isPending && "Deriving…"}>
            Derive key
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
