import { useNow } from "@/hooks/use-now";
import { formatRelative, formatUtc } from "@/lib/time";

export function TimeAgo({ at }: { at: string }) {
  const now = useNow(10_000);
  return (
    <time dateTime={at} title={formatUtc(at)}>
      {formatRelative(at, now)}
    </time>
  );
}
