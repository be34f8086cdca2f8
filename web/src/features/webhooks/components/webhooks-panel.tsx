// The webhooks of an organization with every state the list can be in.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Webhook, WebhookWithSecret } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { type Column, DataTable } from "@/components/ui/data-table";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonRows } from "@/components/ui/skeleton";
import { TimeAgo } from "@/components/ui/time-ago";
import type { CurrentProject } from "@/hooks/use-project";
import { webhooksQuery } from "../api/list-webhooks";
import { stateOf } from "../lib/webhook-words";
import { CreateWebhookDialog } from "./create-webhook-dialog";
import { WebhookSecret } from "./webhook-secret";
import styles from "./webhooks-panel.module.css";

interface WebhooksPanelProps {
  current: CurrentProject;
  creating: boolean;
  onCreatingChange: (creating: boolean) => void;
}

export function WebhooksPanel({ current, creating, onCreatingChange }: WebhooksPanelProps) {
  const organization = current.organization.id;
  const webhooks = useQuery(webhooksQuery(organization));
  const [revealed, setRevealed] = useState<WebhookWithSecret | null>(null);
  const columns: Column<Webhook>[] = [
    {
      id: "name",
      header: "Webhook",
      card: "lead",
      cell: (row) => (
        <Link
          to="/o/$org/p/$project/webhooks/$webhook"
          params={{ org: current.organization.slug, project: current.slug, webhook: row.id }}
          className={styles["name"]}
        >
          {row.name}
        </Link>
      ),
    },
    {
      id: "url",
      header: "Address",
      card: "wide",
      grow: true,
      cell: (row) => <code title={row.url}>{row.url}</code>,
    },
    {
      id: "state",
      header: "State",
      card: "end",
      cell: (row) => {
        const { tone, word, reason } = stateOf(row);
        return (
          <Badge tone={tone} {...(reason ? { title: reason } : {})}>
            {word}
          </Badge>
        );
      },
    },
    {
      id: "created",
      header: "Created",
      card: "labelled",
      cell: (row) => <TimeAgo at={row.created_at} />,
    },
  ];
  return (
    <Card flush label="Webhooks">
      {webhooks.isPending && <SkeletonRows rows={3} label="Loading webhooks" />}
      {webhooks.isLoadingError && (
        <ErrorState
          error={webhooks.error}
          title="Webhooks could not be loaded."
          onRetry={() => webhooks.refetch()}
        />
      )}
      {webhooks.data?.length === 0 && (
        <EmptyState
          title="No webhooks yet"
          action={
            <Button variant="primary" onClick={() => onCreatingChange(true)}>
              Create webhook
            </Button>
          }
        >
          A webhook is an address of yours that is told when spending reaches a share of a budget, such as{" "}
          <code>80 %</code>. Each message is signed.
        </EmptyState>
      )}
      {webhooks.data && webhooks.data.length > 0 && (
        <DataTable label="Webhooks" columns={columns} rows={webhooks.data} rowKey={(row) => row.id} />
      )}
      {creating && (
        <CreateWebhookDialog
          organization={organization}
          onClose={() => onCreatingChange(false)}
          onCreated={(webhook) => {
            onCreatingChange(false);
            setRevealed(webhook);
          }}
        />
      )}
      <WebhookSecret revealed={revealed} onSaved={() => setRevealed(null)} />
    </Card>
  );
}
