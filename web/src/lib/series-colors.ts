// Gives each named series one of six colours, the same on every page: a name hashes to a slot, neighbours move on.

export const SERIES_COLORS = [1, 2, 3, 4, 5, 6].map((slot) => `var(--series-${slot})`);
export const OTHER_COLOR = "var(--series-other)";

export function assignColors(ids: readonly string[]): Map<string, string> {
  const free = new Set(SERIES_COLORS.keys());
  const colors = new Map<string, string>();
  for (const id of [...ids].sort()) {
    const wanted = hash(id) % SERIES_COLORS.length;
    const slot = [...free].sort((a, b) => distance(wanted, a) - distance(wanted, b))[0];
    if (slot !== undefined) free.delete(slot);
    colors.set(id, slot === undefined ? OTHER_COLOR : (SERIES_COLORS[slot] ?? OTHER_COLOR));
  }
  return colors;
}

function distance(wanted: number, slot: number): number {
  return (slot - wanted + SERIES_COLORS.length) % SERIES_COLORS.length;
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return value;
}
