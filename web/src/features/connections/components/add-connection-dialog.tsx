import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Connection, Provider } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { ErrorState } from "@/components/ui/error-state";
import { SelectField, TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { SkeletonBlock } from "@/components/ui/skeleton";
import { useCreateConnection } from "../api/create-connection";
import { providersQuery } from "../api/list-providers";
import styles from "./form.module.css";

interface AddConnectionDialogProps {
  project: string;
  open: boolean;
  onClose: () => void;
  onAdded: (connection: Connection) => void;
}

export function AddConnectionDialog({ project, open, onClose, onAdded }: AddConnectionDialogProps) {
  const providers = useQuery({ ...providersQuery, enabled: open });
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title="Add connection"
      description="Your account at a provider. Its credential is encrypted and never shown again."
    >
      {providers.isPending && <SkeletonBlock height={220} label="Loading providers" />}
      {providers.isError && (
        <ErrorState
          error={providers.error}
          title="Providers could not be loaded."
          onRetry={() => providers.refetch()}
        />
      )}
      {providers.isSuccess && (
        <AddForm project={project} providers={providers.data} onClose={onClose} onAdded={onAdded} />
      )}
    </Dialog>
  );
}

interface AddFormProps extends Omit<AddConnectionDialogProps, "open"> {
  providers: readonly Provider[];
}

function AddForm({ project, providers, onClose, onAdded }: AddFormProps) {
  const create = useCreateConnection(project);
  const [providerId, setProviderId] = useState(providers[0]?.id ?? "");
  const [slug, setSlug] = useState<string | null>(null);
  const [baseUrl, setBaseUrl] = useState("");
  const [credential, setCredential] = useState("");
  const provider = providers.find(({ id }) => id === providerId);
  const name = slug ?? providerId;
  const problem = create.error ? asProblem(create.error) : null;
  const fields = { ...problem?.fields };
  if (problem?.code === "slug_taken") fields["slug"] = problem.message;
  if (problem?.code === "base_url_forbidden") fields["base_url"] = problem.message;
  const placed = Object.keys(fields).length > 0;

  function submit(event: FormEvent) {
    event.preventDefault();
    const body = {
      slug: name.trim(),
      provider: providerId,
      ...(baseUrl.trim() ? { base_url: baseUrl.trim() } : {}),
      ...(credential ? { credential: credential.trim() } : {}),
    };
    create.mutate(body, {
      onSuccess: (connection) => {
        onClose();
        onAdded(connection);
      },
    });
  }

  return (
    <form className={styles["form"]} onSubmit={submit}>
      {problem && !placed && <Notice tone="bad">{problem.message}</Notice>}
      <SelectField
        label="Provider"
        value={providerId}
        error={fields["provider"]}
        onChange={(event) => setProviderId(event.target.value)}
      >
        {providers.map(({ id, name: label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </SelectField>
      <TextField
        label="Name"
        required
        pattern="[a-z0-9][a-z0-9\-]*"
        minLength={2}
        maxLength={63}
        title="Lower-case letters, digits and hyphens"
        value={name}
        error={fields["slug"]}
        hint={
          <>
            Lower-case letters, digits and hyphens. Call a model through it as{" "}
            <code>{name || "name"}/model</code>.
          </>
        }
        onChange={(event) => setSlug(event.target.value)}
      />
      <TextField
        label="Base URL"
        type="url"
        optional={Boolean(provider?.base_url)}
        required={!provider?.base_url}
        placeholder={provider?.base_url ?? "https://models.example.com/v1"}
        value={baseUrl}
        error={fields["base_url"]}
        onChange={(event) => setBaseUrl(event.target.value)}
      />
      <TextField
        label="Credential"
        type="password"
        autoComplete="off"
        optional={!provider?.needs_credential}
        required={provider?.needs_credential ?? false}
        value={credential}
        error={fields["credential"]}
        hint="The provider's API key."
        onChange={(event) => setCredential(event.target.value)}
      />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" pending={create.isPending && "Adding…"}>
          Add and test
        </Button>
      </DialogActions>
    </form>
  );
}
