// Names of the projects, keys and routes that budgets and limits refer to by id.
import { queryOptions, useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readAll } from "@/api/read-all";
import type { Scope, ScopeNames } from "@/lib/scope";
import type { CurrentProject } from "./use-project";

export interface Named {
  id: string;
  name: string;
}

export interface ProjectParts {
  keys: Named[];
  routes: Named[];
}

/** What a scope can name within one project. */
export function projectPartsQuery(project: string) {
  return queryOptions({
    queryKey: ["project-parts", project],
    queryFn: async ({ signal }): Promise<ProjectParts> => {
      const path = { project };
      const [keys, routes] = await Promise.all([
        readAll((query) =>
          unwrap(api.GET("/api/v1/projects/{project}/keys", { params: { path, query }, signal })),
        ),
        readAll((query) =>
          unwrap(api.GET("/api/v1/projects/{project}/routes", { params: { path, query }, signal })),
        ),
      ]);
      return {
        keys: keys.map(({ id, name }) => ({ id, name })),
        routes: routes.map(({ id, slug }) => ({ id, name: slug })),
      };
    },
    staleTime: 60_000,
  });
}

/** Names for these scopes. What is not loaded, or no longer there, stays without one and is shown by its id. */
export function useScopeNames(
  organization: CurrentProject["organization"],
  projects: readonly Named[],
  scopes: readonly Scope[],
): ScopeNames {
  const referred = [
    ...new Set(scopes.flatMap(({ project, key, route }) => (project && (key || route) ? [project] : []))),
  ];
  const parts = useQueries({
    queries: referred.map((project) => projectPartsQuery(project)),
    combine: (results) => results.flatMap(({ data }) => (data ? [data] : [])),
  });
  return useMemo(() => {
    const byId = (named: readonly Named[]) => new Map(named.map(({ id, name }) => [id, name]));
    return {
      organization: organization.name,
      projects: byId(projects),
      keys: byId(parts.flatMap(({ keys }) => keys)),
      routes: byId(parts.flatMap(({ routes }) => routes)),
    };
  }, [organization.name, projects, parts]);
}
