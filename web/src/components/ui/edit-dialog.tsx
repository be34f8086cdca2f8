// A dialog that changes something. It is read anew when the dialog opens, stays as it was while somebody types, and can be
// read again when somebody else was faster.
import { type QueryKey, type UseQueryOptions, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Tagged } from "@/api/problem";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { ErrorState } from "./error-state";
import { Notice } from "./notice";
import { SkeletonRows } from "./skeleton";

interface EditDialogProps<T, K extends QueryKey> {
  title: string;
  query: UseQueryOptions<Tagged<T>, Error, Tagged<T>, K>;
  onClose: () => void;
  /** The form; drawn anew for each state that is read. */
  children: (current: Tagged<T>, reload: () => void) => ReactNode;
}

export function EditDialog<T, K extends QueryKey>({
  title,
  query,
  onClose,
  children,
}: EditDialogProps<T, K>) {
  const [opened] = useState(() => Date.now());
  const current = useQuery({
    ...query,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: "always",
    refetchOnWindowFocus: false,
    refetchInterval: false,
  });
  const isFresh = current.isSuccess && current.dataUpdatedAt >= opened;
  return (
    <Dialog open onOpenChange={(next) => !next && onClose()} title={title}>
      {current.isError && (
        <ErrorState
          error={current.error}
          title="It could not be loaded as it is now."
          onRetry={() => current.refetch()}
        />
      )}
      {!current.isError && !isFresh && <SkeletonRows rows={6} label="Loading" />}
      {isFresh && <div key={current.data.etag}>{children(current.data, () => void current.refetch())}</div>}
    </Dialog>
  );
}

/** In place of a form's error when the server answered 412. */
export function OutdatedNotice({ onReload }: { onReload: () => void }) {
  return (
    <Notice tone="bad">
      <p>Somebody changed it since you opened it, so your change was not saved.</p>
      <Button size="small" onClick={onReload}>
        Load it as it is now
      </Button>
    </Notice>
  );
}
