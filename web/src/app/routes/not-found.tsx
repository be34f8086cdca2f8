import { Link } from "@tanstack/react-router";
import { PageHeader } from "@/components/ui/page-header";
import { CenterLayout } from "../layouts/center-layout";

export function NotFound() {
  return (
    <CenterLayout>
      <div>
        <PageHeader title="Not found" intro="There is nothing at this address, or you may not see it." />
        <Link to="/">Go to your project</Link>
      </div>
    </CenterLayout>
  );
}
