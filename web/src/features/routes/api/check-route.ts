import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { CreateRoute, RouteCheck } from "@/api/types";
import { asYaml, findingsOf } from "./document";

/** What the server finds of a document. A text that cannot be read as a route is one more thing to find. */
export function routeCheckQuery(project: string, text: string) {
  return queryOptions({
    queryKey: ["route-check", project, text],
    queryFn: async ({ signal }): Promise<RouteCheck> => {
      try {
        return await unwrap(
          api.POST("/api/v1/projects/{project}/route-checks", {
            params: { path: { project } },
            ...asYaml<CreateRoute>(text),
            signal,
          }),
        );
      } catch (error) {
        const findings = findingsOf(error);
        if (findings.length === 0) throw error;
        return { valid: false, findings, rules: [] };
      }
    },
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}
