// Draws a component as pages do: with a query cache, toasts and, where it has links, a router.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { type RenderResult, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { Toaster } from "@/components/ui/toaster";

export function renderPage(children: ReactNode): RenderResult {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const root = createRootRoute();
  const page = createRoute({ getParentRoute: () => root, path: "/", component: () => children });
  const router = createRouter({
    routeTree: root.addChildren([page]),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  return render(
    <QueryClientProvider client={client}>
      <Toaster>
        {/* The test's own router, not the one the app registers its types for. */}
        <RouterProvider router={router as never} />
      </Toaster>
    </QueryClientProvider>,
  );
}
