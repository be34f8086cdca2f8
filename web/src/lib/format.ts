// Counts and durations for reading. Exact values belong in a title or a detail view.

const integer = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const tiny = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 });

export function formatInteger(value: number): string {
  return integer.format(value);
}

/** `842`, `12.4 k`, `3.1 M`. */
export function formatCount(value: number): string {
  const size = Math.abs(value);
  if (size < 10_000) return integer.format(value);
  if (size < 999_950) return `${compact.format(value / 1_000)} k`;
  if (size < 999_950_000) return `${compact.format(value / 1_000_000)} M`;
  return `${compact.format(value / 1_000_000_000)} B`;
}

/** `0.31 ms`, `4.2 ms`, `812 ms`, `3.2 s`, `2 min 5 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 10) return `${tiny.format(milliseconds)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${compact.format(milliseconds / 1_000)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `0 %`, `0.4 %`, `12 %`. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return "0 %";
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  return `${percent < 10 ? compact.format(percent) : Math.round(percent)} %`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatInteger(count)} ${count === 1 ? one : many}`;
}
