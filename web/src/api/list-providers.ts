import { queryOptions } from "@tanstack/react-query";
import { api } from "@/api/client";
import { unwrap } from "@/api/problem";

/** Every provider there is. */
export const providersQuery = queryOptions({
  queryKey: ["providers"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/providers", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});
