// Each request that goes elsewhere, with both outcomes.
import { Link } from "@tanstack/react-router";
import type { RequestDifference, RequestFate } from "@/api/types";
import { Card } from "@/components/ui/card";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Pager } from "@/components/ui/pager";
import { useConnectionNames } from "@/hooks/use-connection-names";
import type { CurrentProject } from "@/hooks/use-project";
import { formatInteger } from "@/lib/format";
import { costChange, fateWords, ruleOf, signedMoneyExact } from "../lib/simulation-words";
import styles from "./differences-table.module.css";

export interface More {
  has: boolean;
  loading: boolean;
  load: () => void;
}

interface DifferencesTableProps {
  current: CurrentProject;
  differences: readonly RequestDifference[];
  /** How many there are in all. */
  changed: number;
  more: More;
}

export function DifferencesTable({ current, differences, changed, more }: DifferencesTableProps) {
  const connections = useConnectionNames(current.id);
  const fate = (of: RequestFate) => (
    <span className={styles["fate"]}>
      <span className={"refused" in of ? styles["refused"] : ""}>{fateWords(of, connections)}</span>
      {ruleOf(of) && <span className={styles["rule"]}>rule {ruleOf(of)}</span>}
    </span>
  );
  const columns: Column<RequestDifference>[] = [
    {
      id: "request",
      header: "Request",
      card: "lead",
      cell: ({ request }) => (
        <Link
          to="/o/$org/p/$project/requests"
          params={{ org: current.organization.slug, project: current.slug }}
          search={{ request }}
          className={styles["request"]}
          aria-label={`Request ${request}`}
        >
          <code>…{request.slice(-8)}</code>
        </Link>
      ),
    },
    { id: "published", header: "Now", card: "wide", cell: ({ published }) => fate(published) },
    { id: "proposed", header: "Under the draft", card: "wide", cell: ({ proposed }) => fate(proposed) },
    {
      id: "cost",
      header: "Cost",
      align: "end",
      card: "end",
      cell: ({ published, proposed }) => {
        const change = costChange(published, proposed);
        return change && <span className="num">{signedMoneyExact(change)}</span>;
      },
    },
  ];
  return (
    <Card flush label="Requests that go elsewhere">
      <h2 className={styles["title"]}>Requests that go elsewhere</h2>
      <DataTable
        label="Requests that go elsewhere"
        columns={columns}
        rows={differences}
        rowKey={({ request }) => request}
      />
      <Pager
        shown={`${formatInteger(differences.length)} of ${formatInteger(changed)}, newest first`}
        hasMore={more.has}
        loading={more.loading}
        onMore={more.load}
      />
    </Card>
  );
}
