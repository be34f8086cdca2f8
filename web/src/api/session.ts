// Who is signed in. The access token lives in memory only; the refresh token is a cookie no script can read.
// Called by client.ts for each request and by the app shell, which renders what the state says.
import { ProblemError, toProblem, unreachable } from "./problem";
import type { Session, User } from "./types";

export type SessionState =
  | { status: "unknown" }
  | { status: "unreachable" }
  | { status: "signed-out" }
  | { status: "signed-in"; token: string; expiresAt: number; user: User };

/** A token this close to its end is renewed before it is used. */
const RENEW_BEFORE_MS = 30_000;
export const CSRF_HEADER = { "x-sluicegate-csrf": "1" } as const;

let state: SessionState = { status: "unknown" };
let refreshing: Promise<boolean> | null = null;
const listeners = new Set<() => void>();
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("sluicegate.session");

tabs?.addEventListener("message", (event) => {
  if (event.data === "signed-out") set({ status: "signed-out" });
});

function set(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

export function subscribeSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function sessionState(): SessionState {
  return state;
}

export function startSession(session: Session): void {
  set({
    status: "signed-in",
    token: session.access_token,
    // Counted from here, because the clocks of browser and server may differ.
    expiresAt: Date.now() + session.expires_in * 1_000,
    user: session.user,
  });
}

/** Forgets the session here; `everywhere` tells the other tabs of this browser too. */
export function endSession(scope: "here" | "everywhere"): void {
  set({ status: "signed-out" });
  if (scope === "everywhere") tabs?.postMessage("signed-out");
}

/** A token good for at least the next few seconds, or null when nobody is signed in. */
export async function currentToken(): Promise<string | null> {
  if (state.status === "signed-in" && state.expiresAt - Date.now() < RENEW_BEFORE_MS) await refreshSession();
  return state.status === "signed-in" ? state.token : null;
}

/** Trades the refresh cookie for a new access token. Callers at the same moment share one exchange. */
export function refreshSession(): Promise<boolean> {
  refreshing ??= exchange().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function exchange(): Promise<boolean> {
  try {
    const response = await fetch(`${location.origin}/api/v1/auth/refresh`, {
      method: "POST",
      headers: CSRF_HEADER,
      credentials: "same-origin",
    });
    if (response.ok) {
      startSession((await response.json()) as Session);
      return true;
    }
    if (response.status !== 401 && response.status !== 403) throw toProblem(response.status, null);
    endSession("here");
    return false;
  } catch (error) {
    // A server that cannot answer is no reason to sign anybody out.
    if (state.status === "unknown") set({ status: "unreachable" });
    throw error instanceof ProblemError ? error : unreachable();
  }
}
