// A dialog that changes something. It is read anew when the dialog opens, stays as it was while somebody types, and can be
// read again when somebody else was faster.
import { type QueryKey, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Tagged } from "@/api/problem";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { ErrorState } from "./error-state";
import { Notice } from "./notice";
import { SkeletonRows } from "./skeleton";

interface EditDialogProps<T> {
  title: string;
  /** The key under which pages keep what is changed. */
  subject: QueryKey;
  read: (signal: AbortSignal) => Promise<Tagged<T>>;
  onClose: () => void;
  /** The form; drawn anew for each state that is read. */
  children: (current: Tagged<T>, reload: () => void) => ReactNode;
}

export function EditDialog<T>({ title, subject, read, onClose, children }: EditDialogProps<T>) {
  const current = useQuery({
    // Read apart from the page below, which may be kept up to date while somebody types.
    queryKey: [...subject, "edit"],
    queryFn: ({ signal }) => read(signal),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
  });
  return (
    <Dialog open onOpenChange={(next) => !next && onClose()} title={title}>
      {current.isLoadingError && (
        <ErrorState
          error={current.error}
          title="It could not be loaded as it is now."
          onRetry={() => current.refetch()}
        />
      )}
      {current.isPending && <SkeletonRows rows={6} label="Loading" />}
      {current.isSuccess && (
        <div key={current.data.etag}>{children(current.data, () => void current.refetch())}</div>
      )}
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
