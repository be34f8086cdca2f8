import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { BudgetsPanel } from "@/features/budgets/components/budgets-panel";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

const route = getRouteApi("/signed-in/o/$org/p/$project/budgets");

export function BudgetsPage() {
  const project = useProject();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [creating, setCreating] = useState(false);
  const refusal = missingRole(project.role, "budgets:write", project.organization.name);
  return (
    <>
      <PageHeader
        title="Budgets"
        intro={
          refusal ??
          "What calls may cost in a period. A call that has no room in a budget over it is stopped."
        }
        actions={
          !refusal && (
            <Button variant="primary" onClick={() => setCreating(true)}>
              Create budget
            </Button>
          )
        }
      />
      <BudgetsPanel
        current={project}
        mayWrite={!refusal}
        creating={creating}
        onCreatingChange={setCreating}
        search={search}
        onSearch={(next) => navigate({ search: next, replace: true, resetScroll: false })}
      />
    </>
  );
}
