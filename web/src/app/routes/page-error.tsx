import { ErrorState } from "@/components/ui/error-state";
import { CenterLayout } from "../layouts/center-layout";

/** A page that broke while it was drawn, or whose code could not be loaded after a new release. */
export function PageError({ error }: { error: unknown }) {
  return (
    <CenterLayout>
      <ErrorState error={error} title="This page could not be shown." onRetry={() => location.reload()} />
    </CenterLayout>
  );
}
