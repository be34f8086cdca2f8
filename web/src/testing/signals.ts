// Made-up signals of every type, one of them stale.
import type { Signal } from "@/api/types";

export function busySignals(now: number): Signal[] {
  const at = (seconds: number) => new Date(now + seconds * 1_000).toISOString();
  return [
    { name: "load", value: 0.92, pushed_at: at(-40), good_until: at(80) },
    { name: "incident", value: false, pushed_at: at(-7_200), good_until: at(-3_600) },
    { name: "tier", value: "gold", pushed_at: at(-600), good_until: at(86_400) },
  ];
}
