import { getRouteApi } from "@tanstack/react-router";
import { PageHeader } from "@/components/ui/page-header";
import { RequestsPanel } from "@/features/requests/components/requests-panel";
import type { RequestsSearch } from "@/features/requests/lib/filters";
import { useProject } from "@/hooks/use-project";
import { QuickstartLink } from "./quickstart-link";

const route = getRouteApi("/signed-in/o/$org/p/$project/requests");

export function RequestsPage() {
  const project = useProject();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageHeader
        title="Requests"
        intro="Every call to this project, newest first. Prompts and answers are not stored."
      />
      <RequestsPanel
        project={project.id}
        search={search}
        onSearch={(next: RequestsSearch) => navigate({ search: next, resetScroll: false })}
        firstStep={<QuickstartLink />}
      />
    </>
  );
}
