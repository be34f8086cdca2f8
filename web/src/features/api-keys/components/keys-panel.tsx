// The list of keys with every state it can be in, and the dialogs that act on one key.
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Key, KeyWithSecret } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { Pager } from "@/components/ui/pager";
import { SecretDialog } from "@/components/ui/secret-dialog";
import { SkeletonRows } from "@/components/ui/skeleton";
import { useToast } from "@/components/ui/toaster";
import { plural } from "@/lib/format";
import { keysQuery } from "../api/list-keys";
import { useSetKeyEnabled } from "../api/set-key-enabled";
import { CreateKeyDialog } from "./create-key-dialog";
import { DeriveKeyDialog } from "./derive-key-dialog";
import { KeysTable } from "./keys-table";
import { RevokeKeyDialog } from "./revoke-key-dialog";
import { RotateKeyDialog } from "./rotate-key-dialog";

interface KeysPanelProps {
  project: string;
  mayWrite: boolean;
  creating: boolean;
  onCreatingChange: (creating: boolean) => void;
  /** What a key may still spend, by its id; left out where no key has a budget. */
  budgetOf?: ((key: string) => ReactNode) | null;
}

export function KeysPanel({
  project,
  mayWrite,
  creating,
  onCreatingChange,
  budgetOf = null,
}: KeysPanelProps) {
  const keys = useInfiniteQuery(keysQuery(project));
  const setEnabled = useSetKeyEnabled(project);
  const toast = useToast();
  const [deriving, setDeriving] = useState<Key | null>(null);
  const [rotating, setRotating] = useState<Key | null>(null);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const [revealed, setRevealed] = useState<KeyWithSecret | null>(null);
  const rows = keys.data?.pages.flatMap((page) => page.data) ?? [];

  const actions = {
    onDerive: setDeriving,
    onRotate: setRotating,
    onRevoke: setRevoking,
    onSetEnabled: (key: Key, enabled: boolean) =>
      setEnabled.mutate(
        { key: key.id, enabled },
        { onSuccess: () => toast(`“${key.name}” is ${enabled ? "enabled" : "disabled"}.`) },
      ),
  };

  return (
    <>
      {setEnabled.error && <Notice tone="bad">{asProblem(setEnabled.error).message}</Notice>}
      <Card flush>
        {keys.isPending && <SkeletonRows rows={4} label="Loading keys" />}
        {keys.isError && (
          <ErrorState error={keys.error} title="Keys could not be loaded." onRetry={() => keys.refetch()} />
        )}
        {keys.isSuccess && rows.length === 0 && (
          <EmptyState
            title="No keys yet"
            action={
              mayWrite && (
                <Button variant="primary" onClick={() => onCreatingChange(true)}>
                  Create key
                </Button>
              )
            }
          >
            An application sends its key with each call: <code>Authorization: Bearer sk-sg-…</code>
          </EmptyState>
        )}
        {keys.isSuccess && rows.length > 0 && (
          <>
            <KeysTable keys={rows} actions={mayWrite ? actions : null} budgetOf={budgetOf} />
            <Pager
              shown={plural(rows.length, "key")}
              hasMore={keys.hasNextPage}
              loading={keys.isFetchingNextPage}
              onMore={() => keys.fetchNextPage()}
            />
          </>
        )}
      </Card>
      <CreateKeyDialog
        project={project}
        open={creating}
        onClose={() => onCreatingChange(false)}
        onCreated={setRevealed}
      />
      <SecretDialog
        revealed={revealed}
        label="Key secret"
        description="Copy it now and keep it like a password. It is not stored and cannot be shown again."
        onSaved={() => setRevealed(null)}
      />
      {deriving && (
        <DeriveKeyDialog
          project={project}
          parent={deriving}
          onClose={() => setDeriving(null)}
          onDerived={setRevealed}
        />
      )}
      {rotating && (
        <RotateKeyDialog
          project={project}
          rotating={rotating}
          onClose={() => setRotating(null)}
          onRotated={setRevealed}
        />
      )}
      {revoking && (
        <RevokeKeyDialog
          project={project}
          revoking={revoking}
          onClose={() => setRevoking(null)}
          onRevoked={(key) => toast(`“${key.name}” is revoked.`)}
        />
      )}
    </>
  );
}
