import { Link } from "@tanstack/react-router";
import type { Budget } from "@/api/types";
import type { CurrentProject } from "@/hooks/use-project";

interface BudgetLinkProps {
  current: CurrentProject;
  budget: Budget;
}

/** The name of a budget, leading to its page. */
export function BudgetLink({ current, budget }: BudgetLinkProps) {
  const params = { org: current.organization.slug, project: current.slug, budget: budget.id };
  return (
    <Link to="/o/$org/p/$project/budgets/$budget" params={params}>
      {budget.name}
    </Link>
  );
}
