// What the organization states itself, and takes back.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { FactStatement } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { SkeletonRows } from "@/components/ui/skeleton";
import { TimeAgo } from "@/components/ui/time-ago";
import { useToast } from "@/components/ui/toaster";
import { useConnectionNames } from "@/hooks/use-connection-names";
import { useMemberNames } from "@/hooks/use-member-names";
import type { CurrentProject } from "@/hooks/use-project";
import { statementsQuery, useWithdrawStatement } from "../api/statements";
import { aboutWords, statedWords } from "../lib/fact-words";
import styles from "./statements-card.module.css";

interface StatementsCardProps {
  current: CurrentProject;
  mayWrite: boolean;
  onState: () => void;
}

export function StatementsCard({ current, mayWrite, onState }: StatementsCardProps) {
  const organization = current.organization.id;
  const statements = useQuery(statementsQuery(organization));
  const connections = useConnectionNames(current.id);
  const nameOf = useMemberNames(organization);
  const [withdrawing, setWithdrawing] = useState<FactStatement | null>(null);
  const columns: Column<FactStatement>[] = [
    {
      id: "about",
      header: "About",
      card: "lead",
      cell: (row) => <span className={styles["about"]}>{aboutWords(row, connections)}</span>,
    },
    {
      id: "facts",
      header: "States",
      card: "wide",
      cell: (row) => (
        <ul>
          {statedWords(row).map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      ),
    },
    {
      id: "evidence",
      header: "Evidence",
      card: "wide",
      grow: true,
      cell: (row) => (
        <span className={styles["evidence"]}>
          {row.evidence} <span className={styles["as-of"]}>As of {row.as_of}</span>
        </span>
      ),
    },
    {
      id: "by",
      header: "Stated",
      card: "wide",
      cell: (row) => (
        <>
          <TimeAgo at={row.created_at} /> by {nameOf(row.created_by)}
        </>
      ),
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
        <Button
          size="small"
          aria-label={`Withdraw what is stated about ${aboutWords(row, connections)}`}
          onClick={() => setWithdrawing(row)}
        >
          Withdraw
        </Button>
      ),
    });
  }
  return (
    <section aria-label="Statements">
      <h2 className={styles["title"]}>Stated by {current.organization.name}</h2>
      <Card flush>
        {statements.isPending && <SkeletonRows rows={2} label="Loading statements" />}
        {statements.isLoadingError && (
          <ErrorState
            error={statements.error}
            title="The statements could not be loaded."
            onRetry={() => statements.refetch()}
          />
        )}
        {statements.data?.length === 0 && (
          <EmptyState
            title="Nothing stated yet"
            action={mayWrite && <Button onClick={onState}>State facts</Button>}
          >
            Retention, training, certificates and often the place of processing depend on your plan or
            contract, so no catalog holds them. Until you state them, with what shows it, constraints on them
            are satisfied by nobody.
          </EmptyState>
        )}
        {statements.data && statements.data.length > 0 && (
          <DataTable label="Statements" columns={columns} rows={statements.data} rowKey={({ id }) => id} />
        )}
      </Card>
      {withdrawing && (
        <WithdrawDialog
          organization={organization}
          statement={withdrawing}
          about={aboutWords(withdrawing, connections)}
          onClose={() => setWithdrawing(null)}
        />
      )}
    </section>
  );
}

interface WithdrawDialogProps {
  organization: string;
  statement: FactStatement;
  about: string;
  onClose: () => void;
}

function WithdrawDialog({ organization, statement, about, onClose }: WithdrawDialogProps) {
  const withdraw = useWithdrawStatement(organization);
  const toast = useToast();

  function confirm() {
    withdraw.mutate(statement.id, {
      onSuccess: () => {
        onClose();
        toast("The statement is withdrawn.");
      },
    });
  }

  return (
    <Dialog
      open
      onOpenChange={(next) => !next && onClose()}
      title="Withdraw the statement"
      description={`About ${about}: ${statedWords(statement).join("; ")}. Within seconds it counts no more, and constraints that only it satisfied keep those endpoints away.`}
    >
      {withdraw.error && <Notice tone="bad">{asProblem(withdraw.error).message}</Notice>}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="danger" onClick={confirm} pending={withdraw.isPending && "Withdrawing…"}>
          Withdraw
        </Button>
      </DialogActions>
    </Dialog>
  );
}
