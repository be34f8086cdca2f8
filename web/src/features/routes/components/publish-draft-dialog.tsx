// Publishes a draft with a message that stays with the version.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Route, RouteDraft, RouteDraftSummary } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { TextAreaField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { plural } from "@/lib/format";
import { findingsOf } from "../api/document";
import { usePublishDraft } from "../api/publish-draft";
import { nextVersion } from "../lib/draft-words";
import { countOf } from "../lib/finding-places";
import styles from "./dialog-form.module.css";
import { FindingsNotice } from "./findings-notice";

interface PublishDraftDialogProps {
  project: string;
  draft: Tagged<RouteDraft>;
  standing: RouteDraftSummary;
  onClose: () => void;
  onPublished: (route: Route) => void;
}

export function PublishDraftDialog({
  project,
  draft,
  standing,
  onClose,
  onPublished,
}: PublishDraftDialogProps) {
  const { value, etag } = draft;
  const publish = usePublishDraft(project, value.route);
  const client = useQueryClient();
  const [message, setMessage] = useState("");
  const { check } = value;
  const warnings = countOf(check.findings, "warning");
  const version = nextVersion(standing);

  function confirm(event: FormEvent) {
    event.preventDefault();
    publish.mutate(
      { etag, message: message.trim() },
      {
        onSuccess: onPublished,
        // It may have become stale, which the page then says.
        onError: () => client.invalidateQueries({ queryKey: ["route-drafts", project] }),
      },
    );
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Publish ${standing.slug} as version ${version}`}
      description="It takes effect on every worker within seconds. An older version can be published again at any time."
    >
      <form className={styles["form"]} onSubmit={confirm}>
        {!check.valid && (
          <FindingsNotice title="It cannot be published as it is:" findings={check.findings} />
        )}
        {check.valid && warnings > 0 && (
          <Notice tone="warn">The check has {plural(warnings, "warning")}; see the document.</Notice>
        )}
        <PublishProblem error={publish.error} />
        <TextAreaField
          label="Why"
          required
          rows={3}
          maxLength={1000}
          placeholder="Prefer the EU for support."
          hint="For the list of versions and the audit log."
          value={message}
          error={publish.error ? asProblem(publish.error).pointers["/message"] : undefined}
          onChange={(event) => setMessage(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="primary"
            disabled={!check.valid || message.trim() === ""}
            pending={publish.isPending && "Publishing…"}
          >
            Publish version {version}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function PublishProblem({ error }: { error: unknown }) {
  if (!error) return null;
  const problem = asProblem(error);
  if (problem.status === 412) {
    return (
      <Notice tone="bad">
        Somebody wrote the draft since you opened it. Close this, load the page again, and look at it first.
      </Notice>
    );
  }
  const findings = findingsOf(error).filter(({ pointer }) => pointer !== "/message");
  if (findings.length > 0) return <FindingsNotice title="Nothing was published:" findings={findings} />;
  return problem.pointers["/message"] ? null : <Notice tone="bad">{problem.message}</Notice>;
}
