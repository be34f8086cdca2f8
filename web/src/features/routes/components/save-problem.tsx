import { asProblem } from "@/api/problem";
import { Notice } from "@/components/ui/notice";

/** Why saving failed, where no line of the document shows it. */
export function SaveProblem({
  error,
  nothing = "Nothing was published",
}: {
  error: unknown;
  nothing?: string;
}) {
  if (!error) return null;
  const problem = asProblem(error);
  if (problem.findings.length > 0) return <Notice tone="bad">{nothing}: see the findings above.</Notice>;
  return <Notice tone="bad">{problem.message}</Notice>;
}
