import { type FormEvent, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Route } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { useToast } from "@/components/ui/toaster";
import { useDeleteRoute } from "../api/delete-route";
import styles from "./dialog-form.module.css";

interface DeleteRouteDialogProps {
  project: string;
  deleting: Tagged<Route>;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteRouteDialog({ project, deleting, onClose, onDeleted }: DeleteRouteDialogProps) {
  const { value: route, etag } = deleting;
  const remove = useDeleteRoute(project);
  const toast = useToast();
  const [typed, setTyped] = useState("");
  const names = [`route/${route.slug}`, ...route.aliases];

  function confirm(event: FormEvent) {
    event.preventDefault();
    if (typed !== route.slug) return;
    remove.mutate(
      { route: route.id, etag },
      {
        onSuccess: () => {
          toast(`“${route.slug}” is deleted.`);
          onDeleted();
        },
      },
    );
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Delete ${route.slug}`}
      description={`Calls that name ${names.join(" or ")} are refused within seconds. Its versions go with it.`}
    >
      <form className={styles["form"]} onSubmit={confirm}>
        {remove.error && <Notice tone="bad">{problemWords(remove.error)}</Notice>}
        <TextField
          label={`Type ${route.slug} to confirm`}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="danger"
            disabled={typed !== route.slug}
            pending={remove.isPending && "Deleting…"}
          >
            Delete route
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function problemWords(error: unknown): string {
  const problem = asProblem(error);
  if (problem.status !== 412) return problem.message;
  return "Somebody published another version since this page was loaded. Close this, look at it, and delete it then.";
}
