// Names of the connections of a project, for what refers to them by id.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import { readAll } from "@/api/read-all";

export function connectionNamesQuery(project: string) {
  return queryOptions({
    queryKey: ["connection-names", project],
    queryFn: async ({ signal }) => {
      const rows = await readAll((query) =>
        unwrap(
          api.GET("/api/v1/projects/{project}/connections", { params: { path: { project }, query }, signal }),
        ),
      );
      return rows.map(({ id, slug, provider }) => ({ id, name: slug, provider }));
    },
    staleTime: 60_000,
  });
}

/** By id; empty until they are loaded. */
export function useConnectionNames(project: string): ReadonlyMap<string, string> {
  const { data } = useQuery(connectionNamesQuery(project));
  return useMemo(() => new Map(data?.map(({ id, name }) => [id, name])), [data]);
}
