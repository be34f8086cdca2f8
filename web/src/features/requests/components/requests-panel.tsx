// The list of requests with every state it can be in, and the sheet over it.
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { Pager } from "@/components/ui/pager";
import { SkeletonRows } from "@/components/ui/skeleton";
import { plural } from "@/lib/format";
import { formatMoment } from "@/lib/time";
import { requestsQuery } from "../api/search-requests";
import { isFiltered, type RequestsSearch } from "../lib/filters";
import { LogTable } from "./log-table";
import { RequestFilters } from "./request-filters";
import { RequestSheet } from "./request-sheet";

interface RequestsPanelProps {
  project: string;
  search: RequestsSearch;
  onSearch: (search: RequestsSearch) => void;
  /** What to do when there has been no traffic at all: a link to the quickstart. */
  firstStep: ReactNode;
}

export function RequestsPanel({ project, search, onSearch, firstStep }: RequestsPanelProps) {
  const requests = useInfiniteQuery(requestsQuery(project, search));
  const rows = requests.data?.pages.flatMap((page) => page.data) ?? [];
  const { request: opened, ...filters } = search;
  const at = rows.findIndex((row) => row.id === opened);
  const open = (request: string) => onSearch({ ...filters, request });

  return (
    <>
      <RequestFilters project={project} search={search} onChange={onSearch} />
      {requests.isRefetchError && rows.length > 0 && (
        <Notice tone="warn">
          Not live: the last update was at {formatMoment(new Date(requests.dataUpdatedAt).toISOString())}.{" "}
          <Button variant="quiet" size="small" onClick={() => requests.refetch()}>
            Reconnect
          </Button>
        </Notice>
      )}
      <Card flush>
        {requests.isPending && <SkeletonRows rows={8} label="Loading requests" />}
        {requests.isLoadingError && (
          <ErrorState
            error={requests.error}
            title="Requests could not be loaded."
            onRetry={() => requests.refetch()}
          />
        )}
        {requests.isSuccess && rows.length === 0 && (
          <Nothing
            filtered={isFiltered(search)}
            onSearch={onSearch}
            filters={filters}
            firstStep={firstStep}
          />
        )}
        {rows.length > 0 && (
          <>
            <LogTable requests={rows} search={search} stale={requests.isPlaceholderData} />
            <Pager
              shown={plural(rows.length, "request")}
              hasMore={requests.hasNextPage}
              loading={requests.isFetchingNextPage}
              onMore={() => requests.fetchNextPage()}
            />
          </>
        )}
      </Card>
      {opened && (
        <RequestSheet
          project={project}
          request={opened}
          previous={at > 0 ? rows[at - 1]?.id : undefined}
          next={at >= 0 ? rows[at + 1]?.id : undefined}
          onOpen={open}
          onClose={() => onSearch(filters)}
        />
      )}
    </>
  );
}

interface NothingProps {
  filtered: boolean;
  filters: RequestsSearch;
  onSearch: (search: RequestsSearch) => void;
  firstStep: ReactNode;
}

function Nothing({ filtered, filters, onSearch, firstStep }: NothingProps) {
  const wider = filters.range !== "30d" && (
    <Button onClick={() => onSearch({ ...withoutRange(filters), range: "30d" })}>Last 30 days</Button>
  );
  if (!filtered) {
    return (
      <EmptyState
        title="No requests in this time"
        action={
          <>
            {firstStep}
            {wider}
          </>
        }
      >
        Each call appears here within two seconds, refused ones too.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="No requests match"
      action={
        <>
          <Button onClick={() => onSearch(filters.range ? { range: filters.range } : {})}>
            Clear filters
          </Button>
          {wider}
        </>
      }
    />
  );
}

function withoutRange({ range: _range, from: _from, to: _to, ...rest }: RequestsSearch): RequestsSearch {
  return rest;
}
