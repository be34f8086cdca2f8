import { Link } from "@tanstack/react-router";
import type { RequestRecord } from "@/api/types";
import { buttonClass } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { Quickstart } from "@/features/onboarding/components/quickstart";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

export function QuickstartPage() {
  const project = useProject();
  return (
    <>
      <PageHeader
        title="Quickstart"
        intro={
          <>
            Your first call goes to <code>sluicegate/echo</code>, a model that is built in. It needs no
            provider account.
          </>
        }
      />
      <Quickstart
        key={project.id}
        project={project.id}
        refusal={missingRole(project.role, "keys:write", project.organization.name)}
        nextSteps={(request) => <NextSteps request={request} />}
      />
    </>
  );
}

function NextSteps({ request }: { request: RequestRecord }) {
  return (
    <>
      <Link
        from="/o/$org/p/$project"
        to="./requests"
        search={{ request: request.id }}
        className={buttonClass("primary")}
      >
        See the whole request
      </Link>
      <Link from="/o/$org/p/$project" to="./connections" className={buttonClass("secondary")}>
        Connect a provider
      </Link>
      <Link from="/o/$org/p/$project" to="./keys" className={buttonClass("secondary")}>
        Create a lasting key
      </Link>
    </>
  );
}
