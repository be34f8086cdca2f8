// A route document travels as the text somebody wrote, so that every finding has a line of it. JSON is YAML, too.

import { ProblemError } from "@/api/problem";
import type { RouteFinding } from "@/api/types";

/** Sends a text where the generated client has the type of what it says. */
export function asYaml<Body>(text: string) {
  return {
    body: text as unknown as Body,
    bodySerializer: () => text,
    headers: { "content-type": "application/yaml" },
  };
}

/** What a refusal says about places of the document; none when it is about something else. */
export function findingsOf(error: unknown): RouteFinding[] {
  if (!(error instanceof ProblemError)) return [];
  return error.findings.map((finding) => ({ severity: "error", ...finding }));
}
