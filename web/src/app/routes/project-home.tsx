// The front of a project: its usage once there has been a request, the quickstart before that.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Navigate, useRouterState } from "@tanstack/react-router";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonRows } from "@/components/ui/skeleton";
import { hasTrafficQuery } from "@/features/requests/api/has-traffic";
import { useProject } from "@/hooks/use-project";

const route = getRouteApi("/signed-in/o/$org/p/$project/");

export function ProjectHomePage() {
  const params = route.useParams();
  const project = useProject();
  const traffic = useQuery(hasTrafficQuery(project.id));
  // Somebody who has clicked a link meanwhile goes there, also while its page is still loading.
  const isLeaving = useRouterState({
    select: ({ location, resolvedLocation }) => location.pathname !== resolvedLocation?.pathname,
  });
  if (traffic.isSuccess && !isLeaving) {
    const to = traffic.data ? "/o/$org/p/$project/usage" : "/o/$org/p/$project/quickstart";
    return <Navigate to={to} params={params} replace />;
  }
  if (traffic.isError) {
    return (
      <ErrorState
        error={traffic.error}
        title="The project could not be opened."
        onRetry={() => traffic.refetch()}
      />
    );
  }
  return <SkeletonRows rows={4} label="Opening the project" />;
}
