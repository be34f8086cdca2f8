import { useState } from "react";
import { Button } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { ConnectionsPanel } from "@/features/connections/components/connections-panel";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

export function ConnectionsPage() {
  const project = useProject();
  const [adding, setAdding] = useState(false);
  const refusal = missingRole(project.role, "connections:write", project.organization.name);
  return (
    <>
      <PageHeader
        title="Connections"
        intro={refusal ?? "The provider accounts that serve this project's requests."}
        actions={
          !refusal && (
            <Button variant="primary" onClick={() => setAdding(true)}>
              Add connection
            </Button>
          )
        }
      />
      <ConnectionsPanel project={project.id} mayWrite={!refusal} adding={adding} onAddingChange={setAdding} />
    </>
  );
}
