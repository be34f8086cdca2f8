// One budget: the window that is open, the terms, and the windows before it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Budget } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Notice } from "@/components/ui/notice";
import { PageHeader } from "@/components/ui/page-header";
import { PendingPage } from "@/components/ui/pending-page";
import { useToast } from "@/components/ui/toaster";
import type { CurrentProject } from "@/hooks/use-project";
import { useScopeNames } from "@/hooks/use-scope-names";
import { scopeWords } from "@/lib/scope";
import { budgetQuery } from "../api/get-budget";
import { useUpdateBudget } from "../api/update-budget";
import { phaseOf, phaseWords } from "../lib/budget-state";
import type { BudgetSearch } from "../lib/budgets-search";
import { AdjustBudgetDialog } from "./adjust-budget-dialog";
import { AdjustmentsList } from "./adjustments-list";
import { AlertsList } from "./alerts-list";
import styles from "./budget-detail.module.css";
import { BudgetFacts } from "./budget-facts";
import { DeleteBudgetDialog } from "./delete-budget-dialog";
import { EditBudgetDialog } from "./edit-budget-dialog";
import { OpenWindow } from "./open-window";
import { WindowHistory } from "./window-history";

const LIVE_MS = 10_000;

interface BudgetDetailProps {
  current: CurrentProject;
  budget: string;
  /** Why the reader may not change it; null when they may. */
  refusal: string | null;
  search: BudgetSearch;
  onSearch: (search: BudgetSearch) => void;
  onDeleted: () => void;
}

export function BudgetDetail(props: BudgetDetailProps) {
  const { current, budget } = props;
  const read = useQuery({
    ...budgetQuery(current.organization.id, budget),
    refetchInterval: LIVE_MS,
  });
  if (read.data) return <Loaded {...props} shown={read.data.value} />;
  return <PendingPage title="Budget" noun="budget" rows={6} read={read} />;
}

function Loaded({
  current,
  refusal,
  search,
  onSearch,
  onDeleted,
  shown,
}: BudgetDetailProps & { shown: Budget }) {
  const organization = current.organization.id;
  const update = useUpdateBudget(organization);
  const toast = useToast();
  const [acting, setActing] = useState<"edit" | "adjust" | "delete" | null>(null);
  const { scope, on_exceed } = shown;
  const names = useScopeNames(current.organization, current.projects, [
    scope,
    ...(on_exceed.action === "route" ? [{ ...scope, route: on_exceed.route }] : []),
  ]);
  const { tone, word } = phaseWords(phaseOf(shown));
  const isDisabled = shown.status === "disabled";

  function toggle() {
    update.mutate(
      { budget: shown.id, change: { status: isDisabled ? "active" : "disabled" } },
      { onSuccess: () => toast(`“${shown.name}” is ${isDisabled ? "enabled" : "disabled"}.`) },
    );
  }

  return (
    <>
      <PageHeader
        title={shown.name}
        intro={
          <>
            Counts calls of {scopeWords(scope, names)}. {refusal}
          </>
        }
        actions={
          !refusal && (
            <>
              <Button onClick={() => setActing("edit")}>Edit</Button>
              <Button onClick={() => setActing("adjust")}>Adjust window</Button>
              <Button
                onClick={toggle}
                pending={update.isPending && (isDisabled ? "Enabling…" : "Disabling…")}
              >
                {isDisabled ? "Enable" : "Disable"}
              </Button>
              <Button variant="danger" onClick={() => setActing("delete")}>
                Delete
              </Button>
            </>
          )
        }
      />
      <div className={styles["page"]}>
        {update.error && <Notice tone="bad">{asProblem(update.error).message}</Notice>}
        <div className={styles["top"]}>
          <Card label="Window">
            <div className={styles["head"]}>
              <h2 className={styles["title"]}>Open window</h2>
              <Badge tone={tone}>{word}</Badge>
            </div>
            <OpenWindow budget={shown} />
          </Card>
          <Card label="Terms">
            <div className={styles["head"]}>
              <h2 className={styles["title"]}>Terms</h2>
            </div>
            <BudgetFacts budget={shown} names={names} />
          </Card>
        </div>
        <WindowHistory organization={organization} budget={shown} search={search} onSearch={onSearch} />
        <AdjustmentsList organization={organization} budget={shown} />
        <AlertsList organization={organization} budget={shown} />
      </div>
      {acting === "edit" && (
        <EditBudgetDialog
          organization={organization}
          editing={shown}
          names={names}
          onClose={() => setActing(null)}
        />
      )}
      {acting === "adjust" && (
        <AdjustBudgetDialog organization={organization} budget={shown} onClose={() => setActing(null)} />
      )}
      {acting === "delete" && (
        <DeleteBudgetDialog
          organization={organization}
          deleting={shown}
          names={names}
          onClose={() => setActing(null)}
          onDeleted={onDeleted}
        />
      )}
    </>
  );
}
