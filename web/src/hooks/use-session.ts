import { useSyncExternalStore } from "react";
import { type SessionState, sessionState, subscribeSession } from "@/api/session";

export function useSession(): SessionState {
  return useSyncExternalStore(subscribeSession, sessionState);
}
