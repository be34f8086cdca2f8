// The signals of a project: values pushed from outside that conditions of routes ask for, each until it is stale.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Signal } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { CodeBlock } from "@/components/ui/code-block";
import { CopyButton } from "@/components/ui/copy-button";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { Disclosure } from "@/components/ui/disclosure";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { SkeletonRows } from "@/components/ui/skeleton";
import { TimeAgo } from "@/components/ui/time-ago";
import { useToast } from "@/components/ui/toaster";
import { useNow } from "@/hooks/use-now";
import { signalsQuery, useDeleteSignal } from "../api/signals";
import { isStale, pushSnippet, signalValue } from "../lib/signal-words";
import styles from "./signals-card.module.css";

const TICK_MS = 5_000;

interface SignalsCardProps {
  project: string;
  mayWrite: boolean;
}

export function SignalsCard({ project, mayWrite }: SignalsCardProps) {
  const signals = useQuery(signalsQuery(project));
  const now = useNow(TICK_MS);
  const [deleting, setDeleting] = useState<Signal | null>(null);
  const columns: Column<Signal>[] = [
    { id: "name", header: "Signal", card: "lead", cell: (row) => <code>{row.name}</code> },
    { id: "value", header: "Value", card: "meta", cell: (row) => <code>{signalValue(row)}</code> },
    {
      id: "state",
      header: "State",
      card: "end",
      cell: (row) => (isStale(row, now) ? <Badge tone="warn">Stale</Badge> : <Badge tone="ok">Fresh</Badge>),
    },
    { id: "pushed", header: "Pushed", card: "labelled", cell: (row) => <TimeAgo at={row.pushed_at} /> },
    {
      id: "until",
      header: "Counts until",
      card: "labelled",
      cell: (row) => <TimeAgo at={row.good_until} />,
    },
  ];
  if (mayWrite) {
    columns.push({
      id: "actions",
      header: "Actions",
      headerHidden: true,
      align: "end",
      card: "end",
      cell: (row) => (
        <Button size="small" aria-label={`Delete signal ${row.name}`} onClick={() => setDeleting(row)}>
          Delete
        </Button>
      ),
    });
  }
  const snippet = pushSnippet(location.origin, project);
  return (
    <section aria-label="Signals">
      <h2 className={styles["title"]}>Signals</h2>
      <p className={styles["intro"]}>
        Values from outside for conditions: <code>signal("load", 0.0) &gt; 0.8</code>. While one is stale, the
        value beside its name counts.
      </p>
      <Card flush>
        {signals.isPending && <SkeletonRows rows={2} label="Loading signals" />}
        {signals.isLoadingError && (
          <ErrorState
            error={signals.error}
            title="The signals could not be loaded."
            onRetry={() => signals.refetch()}
          />
        )}
        {signals.data?.length === 0 && (
          <EmptyState title="No signals yet">
            Anything that can send a request can push one: a monitor, a scheduler, a deployment.
          </EmptyState>
        )}
        {signals.data && signals.data.length > 0 && (
          <DataTable label="Signals" columns={columns} rows={signals.data} rowKey={({ name }) => name} />
        )}
        <div className={styles["push"]}>
          <Disclosure title="How to push one" initiallyOpen={false}>
            <CodeBlock code={snippet} label="Push a signal" />
            <div>
              <CopyButton text={snippet} label="Copy" />
            </div>
          </Disclosure>
        </div>
      </Card>
      {deleting && (
        <DeleteSignalDialog project={project} signal={deleting} onClose={() => setDeleting(null)} />
      )}
    </section>
  );
}

interface DeleteSignalDialogProps {
  project: string;
  signal: Signal;
  onClose: () => void;
}

function DeleteSignalDialog({ project, signal, onClose }: DeleteSignalDialogProps) {
  const remove = useDeleteSignal(project);
  const toast = useToast();

  function confirm() {
    remove.mutate(signal.name, {
      onSuccess: () => {
        onClose();
        toast(`The signal “${signal.name}” is deleted.`);
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Delete signal ${signal.name}`}
      description="Conditions that ask for it take the value that they name themselves, until it is pushed again."
    >
      {remove.error && <Notice tone="bad">{asProblem(remove.error).message}</Notice>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="danger" onClick={confirm} pending={remove.isPending && "Deleting…"}>
          Delete signal
        </Button>
      </DialogActions>
    </Dialog>
  );
}
