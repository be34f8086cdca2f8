import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { providersQuery } from "@/api/list-providers";
import { asProblem } from "@/api/problem";
import type { Connection, Provider } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { ErrorState } from "@/components/ui/error-state";
import { SelectField, TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { SkeletonBlock } from "@/components/ui/skeleton";
import { useCreateConnection } from "../api/create-connection";
import { credentialText, emptyDraft } from "../lib/credential";
import { ownAddress, type SettingsDraft, settingsBody } from "../lib/settings";
import { CredentialFields } from "./credential-fields";
import styles from "./form.module.css";
import { SettingFields } from "./setting-fields";

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
  const provider = providers.find(({ id }) => id === providerId);
  const forms = provider?.credentials ?? [];
  const [credential, setCredential] = useState(() => emptyDraft(forms));
  const [settings, setSettings] = useState<SettingsDraft>({});
  const name = slug ?? providerId;
  const problem = create.error ? asProblem(create.error) : null;
  const fields = { ...problem?.fields };
  if (problem?.code === "slug_taken") fields["slug"] = problem.message;
  if (problem?.code === "base_url_forbidden") fields["base_url"] = problem.message;
  const placed = Object.keys(fields).length > 0;

  function choose(id: string) {
    setProviderId(id);
    setCredential(emptyDraft(providers.find((other) => other.id === id)?.credentials ?? []));
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    const secret = credentialText(forms, credential);
    const body = {
      slug: name.trim(),
      provider: providerId,
      ...(baseUrl.trim() ? { base_url: baseUrl.trim() } : {}),
      ...(provider?.settings.length ? { settings: settingsBody(provider.settings, settings) } : {}),
      ...(secret ? { credential: secret } : {}),
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
        onChange={(event) => choose(event.target.value)}
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
      <SettingFields
        forms={provider?.settings ?? []}
        draft={settings}
        errors={fields}
        onChange={setSettings}
      />
      <TextField
        label="Base URL"
        type="url"
        optional={Boolean(provider?.base_url)}
        required={!provider?.base_url}
        placeholder={ownAddress(provider?.base_url ?? null, settings) ?? provider?.base_url_example}
        value={baseUrl}
        error={fields["base_url"]}
        onChange={(event) => setBaseUrl(event.target.value)}
      />
      <CredentialFields
        forms={forms}
        draft={credential}
        required={provider?.needs_credential ?? false}
        error={fields["credential"]}
        onChange={setCredential}
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
