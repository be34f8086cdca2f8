import type { Budget, BudgetWindow } from "@/api/types";
import { type Column, DataTable } from "@/components/ui/data-table";
import { formatShare } from "@/lib/format";
import { formatMoneyExact, toApproximateNumber } from "@/lib/money";
import { spanWords } from "../lib/window-series";
import styles from "./windows-table.module.css";

interface WindowsTableProps {
  windows: readonly BudgetWindow[];
  budget: Budget;
  /** Everybody has the limit alone and all are added up, so that a share of it says nothing. */
  isSummed: boolean;
}

/** The plot as numbers, newest window first. */
export function WindowsTable({ windows, budget, isSummed }: WindowsTableProps) {
  const limit = toApproximateNumber(budget.limit);
  const isOpen = (window: BudgetWindow) => window.starts_at === budget.current_window.starts_at;
  const columns: Column<BudgetWindow>[] = [
    {
      id: "span",
      header: `Window (${budget.time_zone})`,
      card: "lead",
      cell: (row) => (
        <>
          {spanWords(row, budget.time_zone)}
          {isOpen(row) && <span className={styles["open"]}> open</span>}
        </>
      ),
    },
    {
      id: "settled",
      header: "Spent",
      align: "end",
      card: "end",
      cell: (row) => formatMoneyExact(row.settled),
    },
  ];
  if (!isSummed) {
    columns.push({
      id: "share",
      header: "Of the limit now",
      align: "end",
      card: "labelled",
      cell: (row) => formatShare(toApproximateNumber(row.settled), limit),
    });
  }
  return (
    <DataTable
      label="Windows"
      columns={columns}
      rows={windows}
      rowKey={(row) => row.starts_at ?? "beginning"}
    />
  );
}
