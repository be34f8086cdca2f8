import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { KeyWithSecret } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { SelectField, TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { useCreateKey } from "../api/create-key";
import { EXPIRIES, type Expiry, expiryMoment, parseModels } from "../lib/expiry";
import styles from "./form.module.css";

interface CreateKeyDialogProps {
  project: string;
  open: boolean;
  onClose: () => void;
  onCreated: (key: KeyWithSecret) => void;
}

export function CreateKeyDialog({ project, open, onClose, onCreated }: CreateKeyDialogProps) {
  const create = useCreateKey(project);
  const [name, setName] = useState("");
  const [expiry, setExpiry] = useState<Expiry>("never");
  const [models, setModels] = useState("");
  const problem = create.error ? asProblem(create.error) : null;
  const fields = problem?.fields ?? {};
  const placed = Boolean(fields["name"] || fields["expires_at"] || fields["allowed_models"]);

  function close() {
    setName("");
    setExpiry("never");
    setModels("");
    create.reset();
    onClose();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    const body = {
      name: name.trim(),
      expires_at: expiryMoment(expiry, Date.now()),
      allowed_models: parseModels(models),
    };
    create.mutate(body, {
      onSuccess: (key) => {
        close();
        onCreated(key);
      },
    });
  }

  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && close()}
      title="Create key"
      description="A key lets an application call models through this project."
    >
      <form className={styles["form"]} onSubmit={submit}>
        {problem && !placed && <Notice tone="bad">{problem.message}</Notice>}
        <TextField
          label="Name"
          required
          maxLength={100}
          placeholder="checkout-service"
          value={name}
          error={fields["name"]}
          hint="Say where it is used, so that it can be found again."
          onChange={(event) => setName(event.target.value)}
        />
        <SelectField
          label="Expires"
          value={expiry}
          error={fields["expires_at"]}
          onChange={(event) => setExpiry(event.target.value as Expiry)}
        >
          {EXPIRIES.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Allowed models"
          optional
          placeholder="gpt-4o-mini, route/support"
          value={models}
          error={fields["allowed_models"]}
          hint="Separated by commas; a name may end in *. Empty means every model of the project."
          onChange={(event) => setModels(event.target.value)}
        />
        <DialogActions>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" variant="primary" pending={create.isPending && "Creating…"}>
            Create key
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
