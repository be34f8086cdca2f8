// All budgets as the tree they hang on. In each group, the window nearest to its limit comes first.
import { MoreHorizontal } from "lucide-react";
import type { Budget } from "@/api/types";
import { ScopeHeading } from "@/components/scope/scope-heading";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Menu, MenuDivider, MenuItem } from "@/components/ui/menu";
import { useNow } from "@/hooks/use-now";
import type { CurrentProject } from "@/hooks/use-project";
import { resetWords } from "@/lib/reset-words";
import { partWords, type ScopeNames } from "@/lib/scope";
import { groupByScope } from "@/lib/scope-tree";
import { byNearest, phaseOf, phaseWords } from "../lib/budget-state";
import { enforcementWord, exceedWords, perInterval } from "../lib/terms-words";
import { BudgetLink } from "./budget-link";
import styles from "./budgets-table.module.css";
import { SpendBar, SpendWords } from "./spend-bar";

export interface BudgetActions {
  onEdit: (budget: Budget) => void;
  onSetEnabled: (budget: Budget, enabled: boolean) => void;
  onDelete: (budget: Budget) => void;
}

interface BudgetsTableProps {
  current: CurrentProject;
  budgets: readonly Budget[];
  names: ScopeNames;
  actions: BudgetActions | null;
}

export function BudgetsTable({ current, budgets, names, actions }: BudgetsTableProps) {
  const now = useNow(30_000);
  const columns: Column<Budget>[] = [
    {
      id: "name",
      header: "Budget",
      card: "lead",
      cell: (row) => <Name current={current} budget={row} names={names} />,
    },
    { id: "window", header: "Spent", card: "wide", cell: (row) => <Spent budget={row} now={now} /> },
    { id: "state", header: "State", card: "end", cell: (row) => <State budget={row} /> },
    {
      id: "kept",
      header: "Kept",
      cell: (row) => (
        <span className={styles["kept"]}>
          {enforcementWord(row.enforcement)}
          <span className={styles["muted"]}>{exceedWords(row, names.routes)}</span>
        </span>
      ),
    },
  ];
  if (actions) {
    columns.push({
      id: "actions",
      header: "Actions",
      headerHidden: true,
      align: "end",
      card: "end",
      cell: (row) => <RowMenu row={row} actions={actions} />,
    });
  }
  const groups = groupByScope([...budgets].sort(byNearest), names).map((group) => ({
    ...group,
    heading: <ScopeHeading kind={group.kind} name={group.name} />,
  }));
  return <DataTable label="Budgets" columns={columns} groups={groups} rowKey={(row) => row.id} />;
}

interface NameProps {
  current: CurrentProject;
  budget: Budget;
  names: ScopeNames;
}

function Name({ current, budget, names }: NameProps) {
  const parts = partWords(budget.scope, names);
  return (
    <span className={styles["name"]}>
      <BudgetLink current={current} budget={budget} />
      {parts.length > 0 && <span className={styles["muted"]}>{parts.join(" · ")}</span>}
    </span>
  );
}

function Spent({ budget, now }: { budget: Budget; now: number }) {
  return (
    <span className={styles["spent"]}>
      <SpendWords budget={budget} after={perInterval(budget.interval)} />
      <SpendBar budget={budget} />
      <span className={styles["muted"]}>
        {resetWords(budget.current_window.resets_at, budget.time_zone, now)}
      </span>
    </span>
  );
}

function State({ budget }: { budget: Budget }) {
  const { tone, word } = phaseWords(phaseOf(budget));
  return <Badge tone={tone}>{word}</Badge>;
}

function RowMenu({ row, actions }: { row: Budget; actions: BudgetActions }) {
  const trigger = (
    <Button
      variant="quiet"
      size="small"
      className={styles["more"] ?? ""}
      aria-label={`Actions for ${row.name}`}
    >
      <MoreHorizontal size={16} aria-hidden />
    </Button>
  );
  const disabled = row.status === "disabled";
  return (
    <Menu trigger={trigger}>
      <MenuItem onSelect={() => actions.onEdit(row)}>Edit…</MenuItem>
      <MenuItem onSelect={() => actions.onSetEnabled(row, disabled)}>
        {disabled ? "Enable" : "Disable"}
      </MenuItem>
      <MenuDivider />
      <MenuItem tone="bad" onSelect={() => actions.onDelete(row)}>
        Delete…
      </MenuItem>
    </Menu>
  );
}
