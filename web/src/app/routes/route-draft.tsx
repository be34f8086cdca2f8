import { getRouteApi } from "@tanstack/react-router";
import { useToast } from "@/components/ui/toaster";
import { DraftDetail } from "@/features/routes/components/draft-detail";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

const page = getRouteApi("/signed-in/o/$org/p/$project/routes/$route/draft");

export function RouteDraftPage() {
  const project = useProject();
  const { route } = page.useParams();
  const search = page.useSearch();
  const navigate = page.useNavigate();
  const toast = useToast();
  return (
    <DraftDetail
      key={route}
      current={project}
      route={route}
      refusal={missingRole(project.role, "routes:write", project.organization.name)}
      search={search}
      onSearch={(next) => navigate({ search: next, replace: true, resetScroll: false })}
      onPublished={({ version, rollout, warnings }) => {
        const done = rollout
          ? `Version ${rollout.version} is being rolled out`
          : `Version ${version} is published`;
        toast(`${done}${warnings?.length ? ", with warnings" : ""}.`);
        void navigate({ to: "/o/$org/p/$project/routes/$route", params: { route }, replace: true });
      }}
      onDiscarded={(isPublished) => {
        toast("The draft is discarded.");
        void (isPublished
          ? navigate({ to: "/o/$org/p/$project/routes/$route", params: { route }, replace: true })
          : navigate({ to: "/o/$org/p/$project/routes", replace: true }));
      }}
    />
  );
}
