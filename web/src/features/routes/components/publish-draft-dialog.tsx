// Publishes a draft with a message that stays with the version: at once, or in stages beside the published one.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem, type Tagged } from "@/api/problem";
import type { Route, RouteDraft, RouteDraftSummary } from "@/api/types";
import { Button } from "@/components/ui/button";
import { ChoiceField } from "@/components/ui/choice-field";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { TextAreaField } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { plural } from "@/lib/format";
import { findingsOf } from "../api/document";
import { usePublishDraft } from "../api/publish-draft";
import { countOf } from "../lib/finding-places";
import { mistakesIn, rolloutBody, USUAL_ROLLOUT } from "../lib/rollout-draft";
import styles from "./dialog-form.module.css";
import { FindingsNotice } from "./findings-notice";
import { RolloutFields } from "./rollout-fields";

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
  const [manner, setManner] = useState<"at_once" | "in_stages">("at_once");
  const [rollout, setRollout] = useState(USUAL_ROLLOUT);
  const isStaged = manner === "in_stages";
  const isMistaken = isStaged && Object.keys(mistakesIn(rollout)).length > 0;
  const { check } = value;
  const warnings = countOf(check.findings, "warning");
  const version = standing.next_version;

  function confirm(event: FormEvent) {
    event.preventDefault();
    publish.mutate(
      { etag, message: message.trim(), rollout: isStaged ? rolloutBody(rollout) : null },
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
      description="An older version can be published again at any time."
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
        {/* What is not published yet has nothing to be compared with. */}
        {standing.published_version !== null && (
          <ChoiceField
            label="How"
            value={manner}
            options={[
              { value: "at_once", label: "At once", hint: "Everybody is served by it within seconds." },
              {
                value: "in_stages",
                label: "In stages",
                hint: "It serves a growing share, and is halted when it does worse.",
              },
            ]}
            onChange={setManner}
          />
        )}
        {isStaged && <RolloutFields draft={rollout} onChange={setRollout} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="primary"
            disabled={!check.valid || message.trim() === "" || isMistaken}
            pending={publish.isPending && "Publishing…"}
          >
            {isStaged ? `Roll out version ${version}` : `Publish version ${version}`}
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
