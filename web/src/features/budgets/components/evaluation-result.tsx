// What all budgets over a call say together, and each of them.
import { Link } from "@tanstack/react-router";
import type { BudgetEvaluation, EvaluatedBudget } from "@/api/types";
import { Amount } from "@/components/ui/amount";
import { Badge } from "@/components/ui/badge";
import { type Column, DataTable } from "@/components/ui/data-table";
import type { CurrentProject } from "@/hooks/use-project";
import { verdictWords } from "../lib/evaluation-draft";
import styles from "./evaluation-card.module.css";

interface EvaluationResultProps {
  current: CurrentProject;
  evaluation: BudgetEvaluation;
}

export function EvaluationResult({ current, evaluation }: EvaluationResultProps) {
  const { verdict, binding, budgets } = evaluation;
  const { tone, word, sentence } = verdictWords(verdict);
  const columns: Column<EvaluatedBudget>[] = [
    {
      id: "name",
      header: "Budget",
      card: "lead",
      cell: (row) => (
        <>
          <Link
            to="/o/$org/p/$project/budgets/$budget"
            params={{ org: current.organization.slug, project: current.slug, budget: row.budget }}
          >
            {row.name}
          </Link>
          {row.partition && <span className={styles["binding"]}> of {row.partition}</span>}
          {row.budget === binding && <span className={styles["binding"]}> decides</span>}
        </>
      ),
    },
    {
      id: "verdict",
      header: "Says",
      card: "end",
      cell: (row) => {
        const says = verdictWords(row.verdict);
        return <Badge tone={says.tone}>{says.word}</Badge>;
      },
    },
    {
      id: "left",
      header: "Left",
      align: "end",
      card: "labelled",
      cell: (row) => (row.window.remaining ? <Amount money={row.window.remaining} exact /> : "not known"),
    },
    {
      id: "held",
      header: "Held",
      align: "end",
      card: "labelled",
      cell: (row) => (row.window.held ? <Amount money={row.window.held} exact /> : "not known"),
    },
    {
      id: "most",
      header: "Most for one call",
      align: "end",
      card: "labelled",
      cell: (row) => <Amount money={row.most_per_call} exact />,
    },
  ];
  return (
    <>
      <p className={styles["verdict"]}>
        <Badge tone={tone}>{word}</Badge>
        {budgets.length === 0 ? "No budget is over such a call, so none stops it." : sentence}
      </p>
      {budgets.length > 0 && (
        <div className={styles["table"]}>
          <DataTable
            label="Budgets over the call"
            columns={columns}
            rows={budgets}
            rowKey={(row) => row.budget}
          />
        </div>
      )}
    </>
  );
}
