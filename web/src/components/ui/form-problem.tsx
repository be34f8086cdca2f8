// What went wrong with a form, as far as no field of it shows it. The first field that does show something gets the focus,
// because it may be far from the button that was pressed.
import { useEffect, useRef } from "react";
import { asProblem } from "@/api/problem";
import { Notice } from "./notice";

interface FormProblemProps {
  error: unknown;
  /** JSON pointers of what the form shows at a field, with everything below them. */
  places: readonly string[];
}

export function FormProblem({ error, places }: FormProblemProps) {
  const here = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!error) return;
    const invalid = here.current?.closest("form")?.querySelector<HTMLElement>("[aria-invalid=true]");
    if (invalid) invalid.focus();
    else here.current?.scrollIntoView({ block: "nearest" });
  }, [error]);
  const problem = error ? asProblem(error) : null;
  const findings = Object.entries(problem?.pointers ?? {});
  const isPlaced = (pointer: string) =>
    places.some((place) => pointer === place || pointer.startsWith(`${place}/`));
  const unplaced = findings.filter(([pointer]) => !isPlaced(pointer)).map(([, detail]) => detail);
  const message = findings.length > 0 ? unplaced.join(" ") : problem?.message;
  return <div ref={here}>{message && <Notice tone="bad">{message}</Notice>}</div>;
}
