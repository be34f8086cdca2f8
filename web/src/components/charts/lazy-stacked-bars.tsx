// The drawing library is large and no page needs it for its first paint.
import { lazy, Suspense } from "react";
import { SkeletonBlock } from "@/components/ui/skeleton";
import type { StackedBarsProps } from "./stacked-bars";

const StackedBars = lazy(async () => ({ default: (await import("./stacked-bars")).StackedBars }));

export function LazyStackedBars(props: StackedBarsProps) {
  return (
    <Suspense fallback={<SkeletonBlock height={260} label="Loading chart" />}>
      <StackedBars {...props} />
    </Suspense>
  );
}
