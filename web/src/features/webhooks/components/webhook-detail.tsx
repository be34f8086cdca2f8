// One webhook: whether it is told anything, a try, and everything it was told lately.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Webhook, WebhookWithSecret } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { PageHeader } from "@/components/ui/page-header";
import { PendingPage } from "@/components/ui/pending-page";
import { useToast } from "@/components/ui/toaster";
import { formatMoment, formatUtc } from "@/lib/time";
import { useTestWebhook, useUpdateWebhook } from "../api/change-webhook";
import { webhookQuery } from "../api/get-webhook";
import { answerWords, stateOf } from "../lib/webhook-words";
import { DeleteWebhookDialog } from "./delete-webhook-dialog";
import { DeliveriesList } from "./deliveries-list";
import { EditWebhookDialog } from "./edit-webhook-dialog";
import { RotateWebhookDialog } from "./rotate-webhook-dialog";
import styles from "./webhook-detail.module.css";
import { WebhookSecret } from "./webhook-secret";

const LIVE_MS = 30_000;

interface WebhookDetailProps {
  organization: string;
  webhook: string;
  onDeleted: () => void;
}

export function WebhookDetail(props: WebhookDetailProps) {
  const { organization, webhook } = props;
  const read = useQuery({ ...webhookQuery(organization, webhook), refetchInterval: LIVE_MS });
  if (read.data) return <Loaded {...props} shown={read.data.value} />;
  return <PendingPage title="Webhook" noun="webhook" rows={4} read={read} />;
}

function Loaded({ organization, onDeleted, shown }: WebhookDetailProps & { shown: Webhook }) {
  const update = useUpdateWebhook(organization, shown.id);
  const test = useTestWebhook(organization, shown.id);
  const toast = useToast();
  const [acting, setActing] = useState<"edit" | "rotate" | "delete" | null>(null);
  const [revealed, setRevealed] = useState<WebhookWithSecret | null>(null);
  const { tone, word, reason } = stateOf(shown);
  const isActive = shown.status === "active";
  const overlap = shown.previous_secret_valid_until;
  const error = update.error ?? test.error;

  function toggle() {
    update.mutate(
      { change: { status: isActive ? "disabled" : "active" } },
      { onSuccess: () => toast(`“${shown.name}” is ${isActive ? "disabled" : "enabled"}.`) },
    );
  }

  return (
    <>
      <PageHeader
        title={shown.name}
        intro={
          <span className={styles["intro"]}>
            <Badge tone={tone}>{word}</Badge> <code className={styles["url"]}>{shown.url}</code>
          </span>
        }
        actions={
          <>
            <Button variant="primary" onClick={() => test.mutate()} pending={test.isPending && "Sending…"}>
              Send a test
            </Button>
            <Button onClick={() => setActing("edit")}>Edit</Button>
            <Button onClick={() => setActing("rotate")}>Rotate secret…</Button>
            <Button onClick={toggle} pending={update.isPending && (isActive ? "Disabling…" : "Enabling…")}>
              {isActive ? "Disable" : "Enable"}
            </Button>
            <Button variant="danger" onClick={() => setActing("delete")}>
              Delete
            </Button>
          </>
        }
      />
      <div className={styles["page"]}>
        {reason && <Notice tone="bad">{reason} Nothing is sent before it is enabled again.</Notice>}
        {overlap && (
          <Notice tone="info">
            Messages are signed with the old secret as well until{" "}
            <time title={formatUtc(overlap)}>{formatMoment(overlap)}</time>.
          </Notice>
        )}
        {error && <Notice tone="bad">{asProblem(error).message}</Notice>}
        {test.data && !test.isPending && (
          <div role="status">
            <Notice tone={test.data.state === "delivered" ? "ok" : "warn"}>
              {test.data.state === "delivered"
                ? `The receiver took the test: it ${answerWords(test.data)}.`
                : `The receiver did not take the test: ${answerWords(test.data)}.`}
            </Notice>
          </div>
        )}
        <DeliveriesList organization={organization} webhook={shown.id} />
      </div>
      {acting === "edit" && (
        <EditWebhookDialog organization={organization} editing={shown} onClose={() => setActing(null)} />
      )}
      {acting === "rotate" && (
        <RotateWebhookDialog
          organization={organization}
          rotating={shown}
          onClose={() => setActing(null)}
          onRotated={setRevealed}
        />
      )}
      <WebhookSecret revealed={revealed} onSaved={() => setRevealed(null)} />
      {acting === "delete" && (
        <DeleteWebhookDialog
          organization={organization}
          deleting={shown}
          onClose={() => setActing(null)}
          onDeleted={onDeleted}
        />
      )}
    </>
  );
}
