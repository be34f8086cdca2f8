import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { useCreateProject } from "../api/create-project";
import styles from "./new-project-dialog.module.css";

interface NewProjectDialogProps {
  open: boolean;
  onClose: () => void;
  organization: { id: string; name: string };
  onCreated: (project: { slug: string; name: string }) => void;
}

export function NewProjectDialog({ open, onClose, organization, onCreated }: NewProjectDialogProps) {
  const create = useCreateProject();
  const [name, setName] = useState("");
  const problem = create.error ? asProblem(create.error) : null;

  function close() {
    setName("");
    create.reset();
    onClose();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate(
      { organization: organization.id, name: name.trim() },
      {
        onSuccess: (project) => {
          close();
          onCreated(project);
        },
      },
    );
  }

  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !next && close()}
      title="New project"
      description={`Keys, connections and requests of a project are separate from the others in ${organization.name}.`}
    >
      <form className={styles["form"]} onSubmit={submit}>
        {problem && !problem.fields["name"] && <Notice tone="bad">{problem.message}</Notice>}
        <TextField
          label="Name"
          required
          maxLength={100}
          value={name}
          error={problem?.fields["name"]}
          onChange={(event) => setName(event.target.value)}
        />
        <DialogActions>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" variant="primary" pending={create.isPending && "Creating…"}>
            Create project
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
