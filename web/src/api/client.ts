// The typed client of the public REST API. Adds the access token and, on 401, renews it once and repeats the call.
import createClient from "openapi-fetch";
import { unreachable } from "./problem";
import type { paths } from "./schema.gen";
import { currentToken, refreshSession, sessionState } from "./session";

export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });

async function send(request: Request): Promise<Response> {
  if (new URL(request.url).pathname.startsWith("/api/v1/auth/")) return transmit(request);
  const repeat = request.clone();
  const first = await transmit(authorize(request, await currentToken()));
  if (first.status !== 401 || sessionState().status !== "signed-in") return first;
  if (!(await refreshSession())) return first;
  return transmit(authorize(repeat, await currentToken()));
}

function authorize(request: Request, token: string | null): Request {
  if (token) request.headers.set("authorization", `Bearer ${token}`);
  return request;
}

async function transmit(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw unreachable();
  }
}
