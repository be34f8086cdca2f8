import { getRouteApi, Link } from "@tanstack/react-router";
import { RouteDetail } from "@/features/routes/components/route-detail";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

const page = getRouteApi("/signed-in/o/$org/p/$project/routes/$route");

export function RoutePage() {
  const project = useProject();
  const { route } = page.useParams();
  const search = page.useSearch();
  const navigate = page.useNavigate();
  return (
    <RouteDetail
      key={route}
      current={project}
      route={route}
      refusal={missingRole(project.role, "routes:write", project.organization.name)}
      search={search}
      onSearch={(next) => navigate({ search: next, replace: true, resetScroll: false })}
      onDeleted={() => navigate({ to: "/o/$org/p/$project/routes", replace: true })}
      onDrafted={() => navigate({ to: "/o/$org/p/$project/routes/$route/draft", params: { route } })}
      keys={
        <Link from="/o/$org/p/$project" to="./keys">
          See the keys
        </Link>
      }
    />
  );
}
