import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(`${import.meta.dirname}/tokens.css`, "utf8");
const TEXT = 4.5;
const SHAPE = 3;

type Theme = 0 | 1;

function color(token: string, theme: Theme): string {
  const match = new RegExp(`--${token}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css);
  const value = match?.[theme + 1];
  if (!value) throw new Error(`no colour --${token}`);
  return value;
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const pairs: [string, string, number][] = [
  ...["text", "text-2", "text-3", "info", "accent"].flatMap((token): [string, string, number][] =>
    ["bg-canvas", "bg-surface", "bg-sunken"].map((ground) => [token, ground, TEXT]),
  ),
  ["on-accent", "accent", TEXT],
  ["text", "accent-soft", TEXT],
  ["ok", "ok-soft", TEXT],
  ["warn", "warn-soft", TEXT],
  ["bad", "bad-soft", TEXT],
  ["text-2", "bad-soft", TEXT],
  ["bad", "bg-surface", TEXT],
  ["line-control", "bg-surface", SHAPE],
  ["focus", "bg-canvas", SHAPE],
  ...[1, 2, 3, 4, 5, 6].map((slot): [string, string, number] => [`series-${slot}`, "bg-surface", SHAPE]),
];

test.each(pairs)("%s on %s has a contrast of at least %d in both themes", (token, ground, least) => {
  for (const theme of [0, 1] as const) {
    expect(contrast(color(token, theme), color(ground, theme))).toBeGreaterThanOrEqual(least);
  }
});
