// What can be set of a project: its name, and how callers are told that money is used up.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Project } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { ChoiceField } from "@/components/ui/choice-field";
import { OutdatedNotice } from "@/components/ui/edit-dialog";
import { ErrorState } from "@/components/ui/error-state";
import { TextField } from "@/components/ui/field";
import { FormProblem } from "@/components/ui/form-problem";
import { SkeletonRows } from "@/components/ui/skeleton";
import { useToast } from "@/components/ui/toaster";
import { projectQuery, useUpdateProject } from "../api/project-settings";
import { REFUSALS } from "../lib/refusal-choices";
import styles from "./project-settings.module.css";

interface ProjectSettingsProps {
  project: string;
  mayWrite: boolean;
}

export function ProjectSettings({ project, mayWrite }: ProjectSettingsProps) {
  const read = useQuery(projectQuery(project));
  return (
    <Card label="Settings">
      {read.isPending && <SkeletonRows rows={4} label="Loading the settings" />}
      {read.isLoadingError && (
        <ErrorState
          error={read.error}
          title="The settings could not be loaded."
          onRetry={() => read.refetch()}
        />
      )}
      {read.data && (
        <SettingsForm
          key={read.data.etag}
          current={read.data}
          mayWrite={mayWrite}
          onReload={() => void read.refetch()}
        />
      )}
    </Card>
  );
}

interface SettingsFormProps {
  current: Tagged<Project>;
  mayWrite: boolean;
  onReload: () => void;
}

function SettingsForm({ current: { value, etag }, mayWrite, onReload }: SettingsFormProps) {
  const update = useUpdateProject(value.id);
  const toast = useToast();
  const [name, setName] = useState(value.name);
  const [refusals, setRefusals] = useState(value.budget_refusals);
  const problem = update.error ? asProblem(update.error) : null;
  const isChanged = name.trim() !== value.name || refusals !== value.budget_refusals;

  function submit(event: FormEvent) {
    event.preventDefault();
    update.mutate(
      { change: { name: name.trim(), budget_refusals: refusals }, etag },
      { onSuccess: () => toast("The settings are saved. Workers have them within seconds.") },
    );
  }

  return (
    <form className={styles["form"]} onSubmit={submit}>
      {problem?.status === 412 ? (
        <OutdatedNotice onReload={onReload} />
      ) : (
        <FormProblem error={update.error} places={["/name", "/budget_refusals"]} />
      )}
      <fieldset className={styles["fields"]} disabled={!mayWrite}>
        <legend className="visually-hidden">Settings of the project</legend>
        <TextField
          label="Name"
          required
          maxLength={100}
          value={name}
          error={problem?.pointers["/name"]}
          onChange={(event) => setName(event.target.value)}
        />
        <ChoiceField
          label="When a budget or prepaid credit is used up, callers of OpenAI's APIs get"
          value={refusals}
          options={REFUSALS}
          error={problem?.pointers["/budget_refusals"]}
          onChange={setRefusals}
        />
      </fieldset>
      {mayWrite && (
        <div>
          <Button
            type="submit"
            variant="primary"
            disabled={!isChanged}
            pending={update.isPending && "Saving…"}
          >
            Save
          </Button>
        </div>
      )}
    </form>
  );
}
