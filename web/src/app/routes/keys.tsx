import { useState } from "react";
import { Button } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { KeysPanel } from "@/features/api-keys/components/keys-panel";
import { useKeyBudgets } from "@/features/budgets/components/key-budget";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

export function KeysPage() {
  const project = useProject();
  const [creating, setCreating] = useState(false);
  const budgetOf = useKeyBudgets(project);
  const refusal = missingRole(project.role, "keys:write", project.organization.name);
  return (
    <>
      <PageHeader
        title="Keys"
        intro={refusal ?? "Applications call models with a key. Its secret is shown once, when it is made."}
        actions={
          !refusal && (
            <Button variant="primary" onClick={() => setCreating(true)}>
              Create key
            </Button>
          )
        }
      />
      <KeysPanel
        project={project.id}
        mayWrite={!refusal}
        creating={creating}
        onCreatingChange={setCreating}
        budgetOf={budgetOf}
      />
    </>
  );
}
