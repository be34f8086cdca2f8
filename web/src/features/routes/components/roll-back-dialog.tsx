// Publishes an older version again, after a look at what that changes.
import { type FormEvent, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Route, RouteVersion } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { TextField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { findingsOf } from "../api/document";
import { useRollBack } from "../api/roll-back";
import { documentOf } from "../lib/route-document";
import styles from "./dialog-form.module.css";
import { DiffView } from "./diff-view";
import { FindingsNotice } from "./findings-notice";

interface RollBackDialogProps {
  project: string;
  /** The version in force when the dialog was opened. */
  current: Tagged<Route>;
  to: RouteVersion;
  onClose: () => void;
  onRolledBack: (route: Route) => void;
}

export function RollBackDialog({ project, current, to, onClose, onRolledBack }: RollBackDialogProps) {
  const { value: route, etag } = current;
  const rollBack = useRollBack(project, route.id);
  const [message, setMessage] = useState("");

  function confirm(event: FormEvent) {
    event.preventDefault();
    rollBack.mutate({ toVersion: to.version, message: message.trim(), etag }, { onSuccess: onRolledBack });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Roll ${route.slug} back to version ${to.version}`}
      description={`It is published again, as version ${route.next_version}, and takes effect on every worker within seconds.`}
    >
      <form className={styles["form"]} onSubmit={confirm}>
        <RollBackProblem error={rollBack.error} />
        <DiffView
          label={`Changes from version ${route.version} back to version ${to.version}`}
          before={documentOf(route)}
          after={documentOf(to)}
        />
        <TextField
          label="Why"
          optional
          maxLength={1000}
          placeholder={`Version ${route.version} was slow.`}
          value={message}
          error={rollBack.error ? asProblem(rollBack.error).pointers["/message"] : undefined}
          onChange={(event) => setMessage(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={rollBack.isPending && "Rolling back…"}>
            Roll back to version {to.version}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function RollBackProblem({ error }: { error: unknown }) {
  if (!error) return null;
  const problem = asProblem(error);
  if (problem.status === 412) {
    return (
      <Notice tone="bad">
        Somebody published another version since this page was loaded. Close this, look at it, and roll back
        then.
      </Notice>
    );
  }
  const findings = findingsOf(error).filter(({ pointer }) => pointer !== "/message");
  if (findings.length > 0) {
    return <FindingsNotice title="That version cannot be published any more:" findings={findings} />;
  }
  return problem.pointers["/message"] ? null : <Notice tone="bad">{problem.message}</Notice>;
}
