import { PageHeader } from "@/components/ui/page-header";
import { ConstraintsPanel } from "@/features/constraints/components/constraints-panel";
import { useProject } from "@/hooks/use-project";

export function ConstraintsPage() {
  const project = useProject();
  return (
    <>
      <PageHeader
        title="Constraints"
        intro="What every endpoint must be known to satisfy that serves a call: the first choice, a retry and a fallback alike. Each level only tightens, and what is not known satisfies nothing."
      />
      <ConstraintsPanel key={project.id} current={project} />
    </>
  );
}
