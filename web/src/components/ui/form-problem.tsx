// What went wrong with a form, as far as no field of it shows it.
import { asProblem } from "@/api/problem";
import { Notice } from "./notice";

interface FormProblemProps {
  error: unknown;
  /** JSON pointers of what the form shows at a field. */
  places: readonly string[];
}

export function FormProblem({ error, places }: FormProblemProps) {
  if (!error) return null;
  const problem = asProblem(error);
  const findings = Object.entries(problem.pointers);
  const unplaced = findings.filter(([pointer]) => !places.includes(pointer)).map(([, detail]) => detail);
  if (findings.length > 0 && unplaced.length === 0) return null;
  return <Notice tone="bad">{findings.length > 0 ? unplaced.join(" ") : problem.message}</Notice>;
}
