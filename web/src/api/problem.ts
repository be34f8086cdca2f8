// Turns a problem+json answer, or no answer at all, into one typed error that pages can show and forms can place.
import type { Problem, ProblemField } from "./types";

export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** HTTP status, 0 when no answer came. */
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly retryable: boolean;
  /** Message per field, keyed by the last segment of the JSON pointer. */
  readonly fields: Readonly<Record<string, string>>;
  /** Message per whole JSON pointer, where the last segment alone would be ambiguous. */
  readonly pointers: Readonly<Record<string, string>>;
  /** The same as they came: in a document of text, each has its line. */
  readonly findings: readonly ProblemField[];

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail || problem.title || "The server answered with an error.");
    this.status = status;
    this.code = problem.code ?? `http_${status}`;
    this.requestId = problem.request_id ?? null;
    this.retryable = problem.retryable ?? (status === 0 || status >= 500);
    const errors = problem.errors ?? [];
    this.findings = errors;
    this.fields = Object.fromEntries(
      errors.map((field) => [field.pointer.split("/").pop() ?? "", field.detail]),
    );
    this.pointers = Object.fromEntries(errors.map((field) => [field.pointer, field.detail]));
  }
}

/** The message for what a pointer names or for the first thing below it, such as one entry of a list in one field. */
export function messageAt(pointers: ProblemError["pointers"], place: string): string | undefined {
  const found = Object.entries(pointers).find(
    ([pointer]) => pointer === place || pointer.startsWith(`${place}/`),
  );
  return found?.[1];
}

export function unreachable(): ProblemError {
  return new ProblemError(0, {
    code: "unreachable",
    detail: "The control plane did not answer. Check that it is running and that you are online.",
    retryable: true,
  });
}

interface Outcome<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** The body of a good answer; throws a ProblemError for any other. */
export async function unwrap<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  throw toProblem(response.status, error);
}

/** A state of something, and the tag that a change based on it must name. */
export interface Tagged<T> {
  value: T;
  etag: string;
}

/** Like `unwrap`, with the entity tag. Behind a proxy that strips it, a change is based on whatever is there. */
export async function unwrapTagged<T>(call: Promise<Outcome<T>>): Promise<Tagged<T>> {
  const outcome = await call;
  const etag = outcome.response.headers.get("etag") ?? "*";
  return { value: await unwrap(Promise.resolve(outcome)), etag };
}

export function toProblem(status: number, body: unknown): ProblemError {
  const problem = typeof body === "object" && body !== null ? (body as Partial<Problem>) : {};
  return new ProblemError(status, problem);
}

/** What a page shows for anything a query or mutation threw. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  return new ProblemError(0, {
    code: "unexpected",
    detail: "The dashboard met something it did not expect. Reload the page to continue.",
    retryable: true,
  });
}
