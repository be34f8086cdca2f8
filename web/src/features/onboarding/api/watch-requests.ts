import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const WAITING_MS = 1_000;

/** The newest request, of one key or of the whole project, asked for each second; null until there is one. */
export function newestRequestQuery(project: string, key: string | null) {
  return queryOptions({
    queryKey: ["newest-request", project, key],
    queryFn: async ({ signal }) => {
      const query = { limit: 1, ...(key && { key }) };
      const page = await unwrap(
        api.GET("/api/v1/projects/{project}/requests", { params: { path: { project }, query }, signal }),
      );
      return page.data[0] ?? null;
    },
    refetchInterval: WAITING_MS,
  });
}
