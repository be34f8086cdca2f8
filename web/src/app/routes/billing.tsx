import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { billingQuery } from "@/features/billing/api/get-billing";
import { BillingPanel } from "@/features/billing/components/billing-panel";
import { useProject } from "@/hooks/use-project";
import { can, missingRole } from "@/lib/permissions";

const route = getRouteApi("/signed-in/o/$org/p/$project/billing");

export function BillingPage() {
  const project = useProject();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [adding, setAdding] = useState(false);
  const billing = useQuery(billingQuery(project.organization.id));
  const refusal = missingRole(project.role, "top-ups:write", project.organization.name);
  return (
    <>
      <PageHeader
        title="Billing"
        intro={`The prepaid credit of ${project.organization.name}. ${
          billing.data && !billing.data.accepts_payments ? "The operator of this deployment adds it." : ""
        }${billing.data?.accepts_payments && refusal ? `Adding to it: ${refusal}` : ""}`.trim()}
        actions={
          billing.data?.accepts_payments &&
          !refusal && (
            <Button variant="primary" onClick={() => setAdding(true)}>
              Add credit
            </Button>
          )
        }
      />
      <BillingPanel
        current={project}
        maySeeLedger={can(project.role, "ledger:read")}
        adding={adding}
        onAddingChange={setAdding}
        search={search}
        onSearch={(next) => navigate({ search: next, replace: true, resetScroll: false })}
      />
    </>
  );
}
