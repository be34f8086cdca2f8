// Where in a text a finding stands.
import type { RouteFinding } from "@/api/types";

/** What is needed of an editor's document. */
interface Lines {
  lines: number;
  line: (number: number) => { from: number; to: number };
}

/** From the place that the server names to the end of that line; the first line where it names none. */
export function placeOf(doc: Lines, { line, column }: RouteFinding): { from: number; to: number } {
  const within = doc.line(Math.min(Math.max(line ?? 1, 1), doc.lines));
  const from = Math.min(within.from + Math.max((column ?? 1) - 1, 0), within.to);
  return { from, to: within.to };
}

export function countOf(findings: readonly RouteFinding[], severity: RouteFinding["severity"]): number {
  return findings.filter((finding) => finding.severity === severity).length;
}
