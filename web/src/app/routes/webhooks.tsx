import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { PageHeader } from "@/components/ui/page-header";
import { WebhooksPanel } from "@/features/webhooks/components/webhooks-panel";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

export function WebhooksPage() {
  const project = useProject();
  const [creating, setCreating] = useState(false);
  const refusal = missingRole(project.role, "webhooks:read", project.organization.name);
  return (
    <>
      <PageHeader
        title="Webhooks"
        intro={`Addresses that ${project.organization.name} is told at when spending reaches a share of a budget.`}
        actions={
          !refusal && (
            <Button variant="primary" onClick={() => setCreating(true)}>
              Create webhook
            </Button>
          )
        }
      />
      {refusal ? (
        <Notice tone="info">{refusal}</Notice>
      ) : (
        <WebhooksPanel current={project} creating={creating} onCreatingChange={setCreating} />
      )}
    </>
  );
}
