// The routes of a project with every state the list can be in.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonRows } from "@/components/ui/skeleton";
import type { CurrentProject } from "@/hooks/use-project";
import { routesQuery } from "../api/list-routes";
import { RoutesTable } from "./routes-table";

interface RoutesPanelProps {
  current: CurrentProject;
  /** Links that begin a route, for those who may. */
  firstStep: ReactNode;
}

export function RoutesPanel({ current, firstStep }: RoutesPanelProps) {
  const routes = useQuery(routesQuery(current.id));
  return (
    <Card flush label="Routes">
      {routes.isPending && <SkeletonRows rows={4} label="Loading routes" />}
      {routes.isLoadingError && (
        <ErrorState
          error={routes.error}
          title="Routes could not be loaded."
          onRetry={() => routes.refetch()}
        />
      )}
      {routes.data?.length === 0 && (
        <EmptyState title="No routes yet" action={firstStep}>
          <p>
            A route is a model name of your own. Callers send <code>route/support</code> as their model, and
            you decide here, without a change of theirs, where the call goes: which models, in which order,
            under which conditions, and what happens when one fails.
          </p>
        </EmptyState>
      )}
      {routes.data && routes.data.length > 0 && <RoutesTable current={current} routes={routes.data} />}
    </Card>
  );
}
