// What a key's state means to a reader: a word, a tone and, when something is coming, a note.
import type { Key } from "@/api/types";
import type { Tone } from "@/components/ui/badge";
import { formatRelative } from "@/lib/time";

const SOON_MS = 7 * 86_400_000;

export interface KeyState {
  tone: Tone;
  word: string;
  note: string | null;
}

export function keyState(key: Key, now: number): KeyState {
  if (key.status === "disabled") return { tone: "idle", word: "Disabled", note: null };
  if (key.status === "held_back") return { tone: "idle", word: "Held back", note: "its parent is off" };
  const expires = key.expires_at ? Date.parse(key.expires_at) : null;
  if (key.status === "expired" || (expires !== null && expires <= now)) {
    return {
      tone: "bad",
      word: "Expired",
      note: key.expires_at ? formatRelative(key.expires_at, now) : null,
    };
  }
  if (key.previous_secret_valid_until && Date.parse(key.previous_secret_valid_until) > now) {
    return {
      tone: "warn",
      word: "Rotating",
      note: `old secret ends ${formatRelative(key.previous_secret_valid_until, now)}`,
    };
  }
  if (expires !== null && expires - now < SOON_MS) {
    return {
      tone: "warn",
      word: "Active",
      note: `expires ${formatRelative(new Date(expires).toISOString(), now)}`,
    };
  }
  return { tone: "ok", word: "Active", note: null };
}
