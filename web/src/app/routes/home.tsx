// `/`: leads to the project last opened, else to the first one there is.
import { useQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonRows } from "@/components/ui/skeleton";
import { meQuery } from "@/features/projects/api/get-me";
import { recallProject } from "@/lib/last-project";
import { CenterLayout } from "../layouts/center-layout";

export function HomePage() {
  const me = useQuery(meQuery);
  if (me.isSuccess) {
    const paths = me.data.memberships.flatMap(({ organization, projects }) =>
      projects.map((project) => ({ org: organization.slug, project: project.slug })),
    );
    const last = recallProject();
    const target =
      paths.find(({ org, project }) => org === last?.org && project === last.project) ?? paths[0];
    if (target) return <Navigate to="/o/$org/p/$project" params={target} replace />;
  }
  return (
    <CenterLayout>
      {me.isPending && <SkeletonRows rows={3} label="Loading your projects" />}
      {me.isError && (
        <ErrorState
          error={me.error}
          title="Your projects could not be loaded."
          onRetry={() => me.refetch()}
        />
      )}
      {me.isSuccess && (
        <EmptyState title="You belong to no project">
          Ask an admin of your organization to add you to one.
        </EmptyState>
      )}
    </CenterLayout>
  );
}
