// What a mock handler is given and what it may answer.
import type { World } from "../world.ts";

export interface Call {
  world: World;
  now: number;
  path: Record<string, string>;
  query: URLSearchParams;
  /** The tag of the state a change is based on. */
  ifMatch: string | null;
  /** What a body of JSON says. */
  body: unknown;
  /** The body as it came, for documents. */
  text: string;
}

export interface Answer {
  status: number;
  body?: unknown;
  etag?: string;
  /** A file instead of a body. */
  csv?: string;
}

export type Handler = (call: Call) => Answer;

export interface Mock {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `{name}` segments, as in the OpenAPI document. */
  path: string;
  handler: Handler;
}

export function problem(status: number, code: string, detail: string, field?: string): Answer {
  return {
    status,
    body: {
      type: `https://sluicegate.example/problems/${code}`,
      title: code.replaceAll("_", " "),
      status,
      detail,
      code,
      request_id: "req_01k000000000000000mock0001",
      retryable: status >= 500,
      errors: field ? [{ pointer: `/${field}`, code, detail }] : [],
    },
  };
}

export function page<Row>(call: Call, rows: readonly Row[]): Answer {
  const limit = Number(call.query.get("limit") ?? "50");
  const start = Number(call.query.get("cursor") ?? "0");
  const end = start + limit;
  const more = end < rows.length;
  return {
    status: 200,
    body: { data: rows.slice(start, end), has_more: more, next_cursor: more ? String(end) : null },
  };
}
