// Changes that must name the state they are based on.
import type { World } from "../world.ts";
import { type Answer, type Call, problem } from "./call.ts";

export function etagOf(world: World, id: string): string {
  return `"${world.revisions.get(id) ?? 1}"`;
}

/** Runs a change when it is based on what is there, and counts it. */
export function based<Row extends { id: string }>(
  call: Call,
  rows: readonly Row[],
  id: string | undefined,
  change: (row: Row) => Answer,
): Answer {
  const row = rows.find((candidate) => candidate.id === id);
  if (!row) return problem(404, "not_found", "There is no such thing.");
  if (!call.ifMatch)
    return problem(428, "if_match_required", "Send the ETag of the state your change is based on.");
  if (call.ifMatch !== etagOf(call.world, row.id)) {
    return problem(412, "version_conflict", "Somebody changed it meanwhile.");
  }
  const answer = change(row);
  if (answer.status >= 400) return answer;
  call.world.revisions.set(row.id, (call.world.revisions.get(row.id) ?? 1) + 1);
  return { ...answer, etag: etagOf(call.world, row.id) };
}

export function read<Row extends { id: string }>(
  { world }: Call,
  rows: readonly Row[],
  id: string | undefined,
): Answer {
  const row = rows.find((candidate) => candidate.id === id);
  return row
    ? { status: 200, body: row, etag: etagOf(world, row.id) }
    : problem(404, "not_found", "There is no such thing.");
}
