import { asProblem } from "@/api/problem";
import { Notice } from "@/components/ui/notice";

/** Why publishing failed, where no line of the document shows it. */
export function SaveProblem({ error }: { error: unknown }) {
  if (!error) return null;
  const problem = asProblem(error);
  if (problem.findings.length > 0)
    return <Notice tone="bad">Nothing was published: see the findings above.</Notice>;
  return <Notice tone="bad">{problem.message}</Notice>;
}
