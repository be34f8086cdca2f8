// The query cache: retries only what may succeed next time, and never a client's own mistake.
import { QueryClient } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retryDelay: (failures) => 300 * 2 ** failures,
      retry: (failures, error) => failures < 2 && asProblem(error).retryable,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});
