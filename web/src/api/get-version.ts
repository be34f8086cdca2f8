import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

/** What the server is and where applications send their calls. */
export const versionQuery = queryOptions({
  queryKey: ["version"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/version", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});
