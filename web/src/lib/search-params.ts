// Query strings stay plain (`?status=error&model=gpt-4o`), not JSON, so that people can read and edit them.

export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") params.set(name, String(value));
  }
  const text = params.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}
