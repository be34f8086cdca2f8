// What a webhook was told and is to be told, with what the receiver said and when it is tried again.
import { useInfiniteQuery } from "@tanstack/react-query";
import type { WebhookDelivery } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { type Column, DataTable } from "@/components/ui/data-table";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Pager } from "@/components/ui/pager";
import { SkeletonRows } from "@/components/ui/skeleton";
import { TimeAgo } from "@/components/ui/time-ago";
import { plural } from "@/lib/format";
import { deliveriesQuery } from "../api/list-deliveries";
import { answerWords, deliveryState, eventWords } from "../lib/webhook-words";
import styles from "./deliveries-list.module.css";

export function DeliveriesList({ organization, webhook }: { organization: string; webhook: string }) {
  const deliveries = useInfiniteQuery(deliveriesQuery(organization, webhook));
  const rows = deliveries.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Card flush label="Deliveries">
      <h2 className={styles["title"]}>Deliveries of the last 30 days</h2>
      {deliveries.isPending && <SkeletonRows rows={4} label="Loading deliveries" />}
      {deliveries.isLoadingError && (
        <ErrorState
          error={deliveries.error}
          title="The deliveries could not be loaded."
          onRetry={() => deliveries.refetch()}
        />
      )}
      {deliveries.data && rows.length === 0 && (
        <EmptyState title="Nothing was told yet">
          Send a test to see whether the receiver takes it and finds the signature right.
        </EmptyState>
      )}
      {rows.length > 0 && (
        <>
          <DataTable label="Deliveries" columns={COLUMNS} rows={rows} rowKey={(row) => row.id} />
          <Pager
            shown={plural(rows.length, "delivery", "deliveries")}
            hasMore={deliveries.hasNextPage}
            loading={deliveries.isFetchingNextPage}
            onMore={() => deliveries.fetchNextPage()}
          />
        </>
      )}
    </Card>
  );
}

const COLUMNS: Column<WebhookDelivery>[] = [
  {
    id: "event",
    header: "Event",
    card: "lead",
    cell: (row) => <span title={row.event}>{eventWords(row.event_type)}</span>,
  },
  {
    id: "state",
    header: "State",
    card: "end",
    cell: (row) => {
      const { tone, word } = deliveryState(row);
      return <Badge tone={tone}>{word}</Badge>;
    },
  },
  { id: "answer", header: "Last answer", card: "wide", cell: answerWords },
  {
    id: "tried",
    header: "Last try",
    card: "labelled",
    cell: (row) => row.last_attempt_at && <TimeAgo at={row.last_attempt_at} />,
  },
  {
    id: "next",
    header: "Next try",
    card: "labelled",
    cell: (row) => row.next_attempt_at && <TimeAgo at={row.next_attempt_at} />,
  },
  { id: "at", header: "Happened", card: "labelled", cell: (row) => <TimeAgo at={row.created_at} /> },
];
