// Calls of a route, ready to paste.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { versionQuery } from "@/api/get-version";
import type { Route } from "@/api/types";
import { SnippetTabs } from "@/components/snippets/snippet-tabs";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonBlock } from "@/components/ui/skeleton";
import styles from "./call-route.module.css";

interface CallRouteProps {
  route: Route;
  /** Leads to where keys are made. */
  keys: ReactNode;
}

export function CallRoute({ route, keys }: CallRouteProps) {
  const version = useQuery(versionQuery);
  return (
    <div className={styles["call"]}>
      <p className={styles["intro"]}>
        Name the route as the model: <code>route/{route.slug}</code>
        {route.aliases.map((alias) => (
          <span key={alias}>
            {" or "}
            <code>{alias}</code>
          </span>
        ))}
        . The key must be allowed to. {keys}
      </p>
      {version.isPending && <SkeletonBlock height={240} label="Loading the endpoint" />}
      {version.isError && (
        <ErrorState
          error={version.error}
          title="The endpoint could not be loaded."
          onRetry={() => version.refetch()}
        />
      )}
      {version.isSuccess && (
        <SnippetTabs inferenceUrl={version.data.inference_url} secret={null} model={`route/${route.slug}`} />
      )}
    </div>
  );
}
