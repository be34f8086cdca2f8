import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const WEEK_MS = 7 * 86_400_000;

/** How many requests a key made in the last seven days: what stops working when it is revoked. */
export function keyUsageQuery(project: string, key: string) {
  return queryOptions({
    queryKey: ["key-usage", project, key],
    queryFn: async ({ signal }) => {
      const query = {
        from: new Date(Date.now() - WEEK_MS).toISOString(),
        grain: "day",
        group_by: "key",
      } as const;
      const usage = await unwrap(
        api.GET("/api/v1/projects/{project}/usage", { params: { path: { project }, query }, signal }),
      );
      const series = usage.series.find(({ group }) => group?.id === key);
      return (series?.points ?? []).reduce((sum, point) => sum + point.requests, 0);
    },
  });
}
