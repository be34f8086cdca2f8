import { useMutation } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";
import type { ProveConstraints } from "@/api/types";

/** Asks whether any call of the project could reach what a claim forbids. Changes nothing. */
export function useProof(project: string) {
  return useMutation({
    mutationFn: (body: ProveConstraints) =>
      unwrap(
        api.POST("/api/v1/projects/{project}/constraints/proof", { params: { path: { project } }, body }),
      ),
  });
}
