import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { LimitsPanel } from "@/features/limits/components/limits-panel";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

const route = getRouteApi("/signed-in/o/$org/p/$project/limits");

export function LimitsPage() {
  const project = useProject();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [creating, setCreating] = useState(false);
  const refusal = missingRole(project.role, "limits:write", project.organization.name);
  return (
    <>
      <PageHeader
        title="Limits"
        intro={refusal ?? "How many calls and tokens may pass in a minute, and how many calls run at once."}
        actions={
          !refusal && (
            <Button variant="primary" onClick={() => setCreating(true)}>
              Create limit
            </Button>
          )
        }
      />
      <LimitsPanel
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
