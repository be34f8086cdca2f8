// A cursor list with every state it can be in: loading, failed, empty, and rows with a way to more.
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Pager } from "@/components/ui/pager";
import { SkeletonRows } from "@/components/ui/skeleton";
import { plural } from "@/lib/format";

interface PagedCardProps<Row> {
  query: UseInfiniteQueryResult<InfiniteData<{ data: Row[] }>>;
  /** One row, such as "transfer". */
  noun: string;
  empty: { title: string; text: string };
  children: (rows: Row[]) => ReactNode;
}

export function PagedCard<Row>({ query, noun, empty, children }: PagedCardProps<Row>) {
  const rows = query.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Card flush>
      {query.isPending && <SkeletonRows rows={5} label={`Loading ${noun}s`} />}
      {query.isLoadingError && (
        <ErrorState
          error={query.error}
          title={`The ${noun}s could not be loaded.`}
          onRetry={() => query.refetch()}
        />
      )}
      {query.data && rows.length === 0 && <EmptyState title={empty.title}>{empty.text}</EmptyState>}
      {rows.length > 0 && (
        <>
          {children(rows)}
          <Pager
            shown={plural(rows.length, noun)}
            hasMore={query.hasNextPage}
            loading={query.isFetchingNextPage}
            onMore={() => query.fetchNextPage()}
          />
        </>
      )}
    </Card>
  );
}
