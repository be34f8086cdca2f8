import { getRouteApi } from "@tanstack/react-router";
import { PageHeader } from "@/components/ui/page-header";
import { NearestWindows } from "@/features/budgets/components/nearest-windows";
import { UsagePanel } from "@/features/usage/components/usage-panel";
import type { UsageSearch } from "@/features/usage/lib/usage-search";
import { useProject } from "@/hooks/use-project";
import { QuickstartLink } from "./quickstart-link";

const route = getRouteApi("/signed-in/o/$org/p/$project/usage");

export function UsagePage() {
  const project = useProject();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageHeader
        title="Usage"
        intro="What this project's calls cost, how many there were, and the tokens they took."
      />
      <UsagePanel
        project={project.id}
        search={search}
        onSearch={(next: UsageSearch) => navigate({ search: next, resetScroll: false })}
        firstStep={<QuickstartLink />}
      />
      <NearestWindows current={project} />
    </>
  );
}
