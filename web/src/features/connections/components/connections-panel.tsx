// The list of connections with every state it can be in, and the dialogs that act on one of them.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { providersQuery } from "@/api/list-providers";
import { asProblem } from "@/api/problem";
import type { Connection } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { SkeletonRows } from "@/components/ui/skeleton";
import { useToast } from "@/components/ui/toaster";
import { connectionsQuery } from "../api/list-connections";
import { useTestConnection } from "../api/test-connection";
import { useUpdateConnection } from "../api/update-connection";
import { AddConnectionDialog } from "./add-connection-dialog";
import { ConnectionsTable } from "./connections-table";
import { DeleteConnectionDialog } from "./delete-connection-dialog";
import { ReplaceCredentialDialog } from "./replace-credential-dialog";
import { TestResult } from "./test-result";

interface ConnectionsPanelProps {
  project: string;
  mayWrite: boolean;
  adding: boolean;
  onAddingChange: (adding: boolean) => void;
}

export function ConnectionsPanel({ project, mayWrite, adding, onAddingChange }: ConnectionsPanelProps) {
  const connections = useQuery(connectionsQuery(project));
  const providers = useQuery(providersQuery);
  const test = useTestConnection(project);
  const update = useUpdateConnection(project);
  const toast = useToast();
  const [tested, setTested] = useState<Connection | null>(null);
  const [replacing, setReplacing] = useState<Connection | null>(null);
  const [deleting, setDeleting] = useState<Connection | null>(null);
  const failed = test.error ?? update.error;

  function runTest(connection: Connection) {
    setTested(connection);
    test.mutate(connection.id);
  }

  const actions = {
    onTest: runTest,
    onReplaceCredential: setReplacing,
    onDelete: setDeleting,
    onSetEnabled: (row: Connection, enabled: boolean) =>
      update.mutate(
        { connection: row.id, change: { status: enabled ? "active" : "disabled" } },
        { onSuccess: () => toast(`“${row.slug}” is ${enabled ? "enabled" : "disabled"}.`) },
      ),
  };

  return (
    <>
      {failed && <Notice tone="bad">{asProblem(failed).message}</Notice>}
      <Card flush>
        {connections.isPending && <SkeletonRows rows={3} label="Loading connections" />}
        {connections.isError && (
          <ErrorState
            error={connections.error}
            title="Connections could not be loaded."
            onRetry={() => connections.refetch()}
          />
        )}
        {connections.isSuccess && connections.data.length === 0 && (
          <EmptyState
            title="No connections yet"
            action={
              mayWrite && (
                <Button variant="primary" onClick={() => onAddingChange(true)}>
                  Add connection
                </Button>
              )
            }
          >
            Until there is one, <code>sluicegate/echo</code> answers without a provider. Add OpenAI, for
            example, and <code>gpt-4o-mini</code> becomes callable.
          </EmptyState>
        )}
        {connections.isSuccess && connections.data.length > 0 && (
          <ConnectionsTable
            connections={connections.data}
            providers={providers.data ?? []}
            testing={test.isPending ? (tested?.id ?? null) : null}
            actions={mayWrite ? actions : null}
          />
        )}
      </Card>
      <AddConnectionDialog
        project={project}
        open={adding}
        onClose={() => onAddingChange(false)}
        onAdded={runTest}
      />
      {tested && test.data && <TestResult tested={tested} result={test.data} onClose={() => test.reset()} />}
      {replacing && (
        <ReplaceCredentialDialog
          project={project}
          replacing={replacing}
          provider={providers.data?.find(({ id }) => id === replacing.provider)}
          onClose={() => setReplacing(null)}
          onReplaced={runTest}
        />
      )}
      {deleting && (
        <DeleteConnectionDialog
          project={project}
          deleting={deleting}
          onClose={() => setDeleting(null)}
          onDeleted={(row) => toast(`“${row.slug}” is deleted.`)}
        />
      )}
    </>
  );
}
