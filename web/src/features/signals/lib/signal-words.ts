// Signals in words, and how one is pushed.
import type { Signal } from "@/api/types";

export function isStale({ good_until }: Signal, now: number): boolean {
  return Date.parse(good_until) <= now;
}

/** As a condition would write it: texts in quotes. */
export function signalValue({ value }: Signal): string {
  return JSON.stringify(value) ?? "null";
}

/** Pushes a signal with a management key. The shell reads the key, so that it is in no history. */
export function pushSnippet(origin: string, project: string): string {
  return `curl -X PUT ${origin}/api/v1/projects/${project}/signals/load \\
  -H "Authorization: Bearer $SLUICEGATE_MANAGEMENT_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"value": 0.92, "ttl_seconds": 120}'`;
}
