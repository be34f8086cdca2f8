import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { EndpointsCard } from "@/features/facts/components/endpoints-card";
import { StateFactsDialog } from "@/features/facts/components/state-facts-dialog";
import { StatementsCard } from "@/features/facts/components/statements-card";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";
import styles from "./page.module.css";

const route = getRouteApi("/signed-in/o/$org/p/$project/facts");

export function FactsPage() {
  const project = useProject();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [stating, setStating] = useState(false);
  const refusal = missingRole(project.role, "facts:write", project.organization.name);
  return (
    <>
      <PageHeader
        title="Facts"
        intro={
          <>
            What constraints are checked against, and who says so. What is not known satisfies no constraint.{" "}
            {refusal}
          </>
        }
        actions={
          !refusal && (
            <Button variant="primary" onClick={() => setStating(true)}>
              State facts
            </Button>
          )
        }
      />
      <div className={styles["stack"]}>
        <StatementsCard current={project} mayWrite={!refusal} onState={() => setStating(true)} />
        <EndpointsCard
          organization={project.organization.id}
          search={search}
          onSearch={(next) => navigate({ search: next, replace: true, resetScroll: false })}
        />
      </div>
      {stating && <StateFactsDialog current={project} onClose={() => setStating(false)} />}
    </>
  );
}
