// What every page stands on: the query cache, the session and the router. Restores the session before the first page.
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { unreachable } from "@/api/problem";
import { refreshSession, sessionState } from "@/api/session";
import { ErrorState } from "@/components/ui/error-state";
import { Toaster } from "@/components/ui/toaster";
import { useSession } from "@/hooks/use-session";
import { queryClient } from "@/lib/query-client";
import { CenterLayout } from "./layouts/center-layout";
import { router } from "./router";

export function Providers() {
  const session = useSession();

  useEffect(() => {
    // A failure leaves the state "unreachable", which is shown below.
    if (sessionState().status === "unknown") void restore();
  }, []);

  useEffect(() => {
    if (session.status === "signed-out") queryClient.clear();
    if (session.status === "signed-in" || session.status === "signed-out") void router.invalidate();
  }, [session.status]);

  if (session.status === "unknown") return null;
  if (session.status === "unreachable") {
    return (
      <CenterLayout>
        <ErrorState error={unreachable()} title="The dashboard could not start." onRetry={restore} />
      </CenterLayout>
    );
  }
  return (
    <QueryClientProvider client={queryClient}>
      <Toaster>
        <RouterProvider router={router} />
      </Toaster>
    </QueryClientProvider>
  );
}

async function restore(): Promise<void> {
  await refreshSession().catch(() => false);
}
