// The tree of budgets with every state it can be in, and the dialogs that act on one budget.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Budget } from "@/api/types";
import { ProjectFilter } from "@/components/filters/project-filter";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { Notice } from "@/components/ui/notice";
import { SkeletonRows } from "@/components/ui/skeleton";
import { useToast } from "@/components/ui/toaster";
import type { CurrentProject } from "@/hooks/use-project";
import { useScopeNames } from "@/hooks/use-scope-names";
import { budgetsQuery } from "../api/list-budgets";
import { useUpdateBudget } from "../api/update-budget";
import type { BudgetsSearch } from "../lib/budgets-search";
import styles from "./budgets-panel.module.css";
import { BudgetsTable } from "./budgets-table";
import { CreateBudgetDialog } from "./create-budget-dialog";
import { DeleteBudgetDialog } from "./delete-budget-dialog";
import { EditBudgetDialog } from "./edit-budget-dialog";
import { EvaluationCard } from "./evaluation-card";

interface BudgetsPanelProps {
  current: CurrentProject;
  mayWrite: boolean;
  creating: boolean;
  onCreatingChange: (creating: boolean) => void;
  search: BudgetsSearch;
  onSearch: (search: BudgetsSearch) => void;
}

export function BudgetsPanel({
  current,
  mayWrite,
  creating,
  onCreatingChange,
  search,
  onSearch,
}: BudgetsPanelProps) {
  const organization = current.organization.id;
  const budgets = useQuery(budgetsQuery(organization));
  const [editing, setEditing] = useState<Budget | null>(null);
  const [deleting, setDeleting] = useState<Budget | null>(null);
  const update = useUpdateBudget(organization);
  const toast = useToast();
  const all = budgets.data ?? [];
  const shown =
    search.show === "all" ? all : all.filter(({ scope }) => !scope.project || scope.project === current.id);
  const names = useScopeNames(
    current.organization,
    current.projects,
    shown.map(({ scope, on_exceed }) =>
      on_exceed.action === "route" ? { ...scope, route: on_exceed.route } : scope,
    ),
  );
  const actions = {
    onEdit: setEditing,
    onDelete: setDeleting,
    onSetEnabled: (budget: Budget, enabled: boolean) =>
      update.mutate(
        { budget: budget.id, change: { status: enabled ? "active" : "disabled" } },
        { onSuccess: () => toast(`“${budget.name}” is ${enabled ? "enabled" : "disabled"}.`) },
      ),
  };

  return (
    <>
      {update.error && <Notice tone="bad">{asProblem(update.error).message}</Notice>}
      <ProjectFilter noun="budgets" show={search.show} onChange={onSearch} />
      <Card flush>
        {budgets.isPending && <SkeletonRows rows={5} label="Loading budgets" />}
        {budgets.isLoadingError && (
          <ErrorState
            error={budgets.error}
            title="Budgets could not be loaded."
            onRetry={() => budgets.refetch()}
          />
        )}
        {budgets.data && shown.length === 0 && (
          <EmptyState
            title={all.length > 0 ? "No budget covers this project" : "No budgets yet"}
            action={
              mayWrite && (
                <Button variant="primary" onClick={() => onCreatingChange(true)}>
                  Create budget
                </Button>
              )
            }
          >
            A budget limits what calls may cost in a period: <code>$25.00 a month</code> for a project, a key
            or each end user. Without one, nothing stops spending.
          </EmptyState>
        )}
        {shown.length > 0 && (
          <BudgetsTable current={current} budgets={shown} names={names} actions={mayWrite ? actions : null} />
        )}
      </Card>
      {all.length > 0 && (
        <div className={styles["evaluation"]}>
          <EvaluationCard key={current.id} current={current} />
        </div>
      )}
      {creating && <CreateBudgetDialog current={current} onClose={() => onCreatingChange(false)} />}
      {editing && (
        <EditBudgetDialog
          organization={organization}
          editing={editing}
          names={names}
          onClose={() => setEditing(null)}
        />
      )}
      {deleting && (
        <DeleteBudgetDialog
          organization={organization}
          deleting={deleting}
          names={names}
          onClose={() => setDeleting(null)}
        />
      )}
    </>
  );
}
