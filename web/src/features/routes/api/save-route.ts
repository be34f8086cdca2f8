import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { CreateRoute, UpdateRoute } from "@/api/types";
import { asYaml } from "./document";

export function useCreateRoute(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (text: string) =>
      unwrap(
        api.POST("/api/v1/projects/{project}/routes", {
          params: { path: { project } },
          ...asYaml<CreateRoute>(text),
        }),
      ),
    onSuccess: () => forget(client, project),
  });
}

export interface RouteChange {
  text: string;
  /** Of the version the change is based on; another version is refused with 412. */
  etag: string;
}

/** Publishes the next version of a route. */
export function useUpdateRoute(project: string, route: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ text, etag }: RouteChange) =>
      unwrap(
        api.PATCH("/api/v1/projects/{project}/routes/{route}", {
          params: { path: { project, route }, header: { "If-Match": etag } },
          ...asYaml<UpdateRoute>(text),
        }),
      ),
    onSuccess: () => forgetPublished(client, project, route),
  });
}

/** What is known of a route that has another version now. */
export function forgetPublished(client: QueryClient, project: string, route: string) {
  return Promise.all([
    forget(client, project),
    client.invalidateQueries({ queryKey: ["route", project, route] }),
    client.invalidateQueries({ queryKey: ["route-versions", project, route] }),
  ]);
}

export function forget(client: QueryClient, project: string) {
  return Promise.all([
    client.invalidateQueries({ queryKey: ["routes", project] }),
    client.invalidateQueries({ queryKey: ["project-parts", project] }),
  ]);
}
