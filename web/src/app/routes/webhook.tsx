import { getRouteApi } from "@tanstack/react-router";
import { WebhookDetail } from "@/features/webhooks/components/webhook-detail";
import { useProject } from "@/hooks/use-project";

const page = getRouteApi("/signed-in/o/$org/p/$project/webhooks/$webhook");

export function WebhookPage() {
  const { organization } = useProject();
  const { webhook } = page.useParams();
  const navigate = page.useNavigate();
  return (
    <WebhookDetail
      key={webhook}
      organization={organization.id}
      webhook={webhook}
      onDeleted={() => navigate({ to: "/o/$org/p/$project/webhooks", replace: true })}
    />
  );
}
