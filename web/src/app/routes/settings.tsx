import { PageHeader } from "@/components/ui/page-header";
import { ProjectSettings } from "@/features/projects/components/project-settings";
import { useProject } from "@/hooks/use-project";
import { missingRole } from "@/lib/permissions";

export function SettingsPage() {
  const project = useProject();
  const refusal = missingRole(project.role, "projects:write", project.organization.name);
  return (
    <>
      <PageHeader title="Settings" intro={refusal ?? `Of the project ${project.name}.`} />
      <ProjectSettings key={project.id} project={project.id} mayWrite={!refusal} />
    </>
  );
}
