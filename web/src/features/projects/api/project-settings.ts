import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap, unwrapTagged } from "@/api/problem";
import type { UpdateProject } from "@/api/types";

/** A project with everything that can be set of it, read once while somebody changes it. */
export function projectQuery(project: string) {
  return queryOptions({
    queryKey: ["project", project],
    queryFn: ({ signal }) =>
      unwrapTagged(api.GET("/api/v1/projects/{project}", { params: { path: { project } }, signal })),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
  });
}

interface ProjectChange {
  change: UpdateProject;
  /** Of the state the change is based on; another state is refused with 412. */
  etag: string;
}

export function useUpdateProject(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ change, etag }: ProjectChange) =>
      unwrap(
        api.PATCH("/api/v1/projects/{project}", {
          params: { path: { project }, header: { "If-Match": etag } },
          body: change,
        }),
      ),
    // Not waited for: the form is drawn anew from what is read, and would miss that it was saved.
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["project", project] });
      void client.invalidateQueries({ queryKey: ["me"] });
      // The tag of constraints is that of the whole project.
      void client.invalidateQueries({ queryKey: ["constraints", "project", project] });
    },
  });
}
