import { getRouteApi } from "@tanstack/react-router";
import { Notice } from "@/components/ui/notice";
import { PageHeader } from "@/components/ui/page-header";
import { useToast } from "@/components/ui/toaster";
import { NewRoute } from "@/features/routes/components/new-route";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

const page = getRouteApi("/signed-in/o/$org/p/$project/routes/new");

export function NewRoutePage() {
  const project = useProject();
  const { example } = page.useSearch();
  const navigate = page.useNavigate();
  const toast = useToast();
  const refusal = missingRole(project.role, "routes:write", project.organization.name);
  return (
    <>
      <PageHeader
        title="New route"
        intro="A document in YAML or JSON. It is checked while you type; nothing takes effect before it is published."
      />
      {refusal ? (
        <Notice tone="info">{refusal}</Notice>
      ) : (
        <NewRoute
          project={project.id}
          example={example}
          onCreated={({ id, slug }) => {
            toast(`“${slug}” is published.`);
            void navigate({ to: "/o/$org/p/$project/routes/$route", params: { route: id } });
          }}
          onDrafted={(route) => {
            toast("The draft is saved. Nothing is published.");
            void navigate({ to: "/o/$org/p/$project/routes/$route/draft", params: { route } });
          }}
        />
      )}
    </>
  );
}
