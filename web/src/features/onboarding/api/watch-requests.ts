import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

const WAITING_MS = 1_000;

interface Watch {
  /** Only requests made with this key; null watches the whole project. */
  key: string | null;
  since: string;
}

/** The newest request since a moment, asked for each second; null until there is one. */
export function newestRequestQuery(project: string, { key, since }: Watch) {
  return queryOptions({
    queryKey: ["newest-request", project, key, since],
    queryFn: async ({ signal }) => {
      const query = { limit: 1, from: since, ...(key ? { key } : {}) };
      const page = await unwrap(
        api.GET("/api/v1/projects/{project}/requests", { params: { path: { project }, query }, signal }),
      );
      return page.data[0] ?? null;
    },
    refetchInterval: WAITING_MS,
  });
}
