import { getRouteApi } from "@tanstack/react-router";
import { BudgetDetail } from "@/features/budgets/components/budget-detail";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

const route = getRouteApi("/signed-in/o/$org/p/$project/budgets/$budget");

export function BudgetPage() {
  const project = useProject();
  const { budget } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <BudgetDetail
      current={project}
      budget={budget}
      refusal={missingRole(project.role, "budgets:write", project.organization.name)}
      search={search}
      onSearch={(next) => navigate({ search: next, replace: true, resetScroll: false })}
      onDeleted={() => navigate({ to: "/o/$org/p/$project/budgets", replace: true })}
    />
  );
}
