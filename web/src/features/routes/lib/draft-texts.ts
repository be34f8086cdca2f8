// The texts of drafts as they were written here. The server keeps what a document says, not how; comments and order would
// be lost when a draft is opened again. A text counts only for the very draft that it was saved as, which its tag tells.

interface Written {
  etag: string;
  text: string;
}

const KEY = "sluicegate.draft-texts";
/** Newest first; those of drafts long gone make room. */
const MOST = 20;

type Entry = [route: string, etag: string, text: string];

export function rememberText(route: string, { etag, text }: Written): void {
  const rest = entries().filter(([other]) => other !== route);
  store([[route, etag, text], ...rest].slice(0, MOST) as Entry[]);
}

/** The text that a draft was saved as in this browser; null when it was written elsewhere. */
export function recallText(route: string, etag: string): string | null {
  const found = entries().find(([other, tag]) => other === route && tag === etag);
  return found ? found[2] : null;
}

export function forgetText(route: string): void {
  store(entries().filter(([other]) => other !== route));
}

function store(kept: readonly Entry[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Storage may be forbidden or full; a draft is then shown as the server has it.
  }
}

function entries(): Entry[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(value) ? value.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is Entry {
  return Array.isArray(value) && value.length === 3 && value.every((part) => typeof part === "string");
}
