// How a bucket is named on the axis and in full. Hours are local; days are the UTC days the API counts by.
import type { Grain } from "./usage-search";

/** Empty for a bucket that goes without a tick. */
export function axisLabel(at: string, grain: Grain, manyDays: boolean): string {
  if (grain === "day") return format(at, { month: "short", day: "numeric", timeZone: "UTC" });
  if (manyDays) return new Date(at).getHours() === 0 ? format(at, { month: "short", day: "numeric" }) : "";
  return format(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export function fullLabel(at: string, grain: Grain): string {
  if (grain === "day") return `${format(at, { dateStyle: "medium", timeZone: "UTC" })} UTC`;
  return format(at, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function format(at: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat("en-US", options).format(new Date(at));
}
