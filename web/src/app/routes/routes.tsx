import { Link } from "@tanstack/react-router";
import { buttonClass } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { DraftsCard } from "@/features/routes/components/drafts-card";
import { RoutesPanel } from "@/features/routes/components/routes-panel";
import { SignalsCard } from "@/features/signals/components/signals-card";
import { useProject } from "@/hooks/use-project";
import { can, missingRole } from "@/lib/permissions";
import styles from "./page.module.css";

export function RoutesPage() {
  const project = useProject();
  const refusal = missingRole(project.role, "routes:write", project.organization.name);
  const begin = (variant: "primary" | "secondary", name: string, example?: string) => (
    <Link
      from="/o/$org/p/$project"
      to="./routes/new"
      search={example ? { example } : {}}
      className={buttonClass(variant)}
    >
      {name}
    </Link>
  );
  return (
    <>
      <PageHeader
        title="Routes"
        intro={refusal ?? "Model names of your own, and where calls that ask for them go."}
        actions={!refusal && begin("primary", "New route")}
      />
      <div className={styles["stack"]}>
        <RoutesPanel
          current={project}
          firstStep={
            !refusal && (
              <>
                {begin("primary", "Start with a fallback", "fallback")}
                {begin("secondary", "EU only", "eu-only")}
                {begin("secondary", "Coding agent", "coding-agent")}
              </>
            )
          }
        />
        <DraftsCard current={project} />
        <SignalsCard key={project.id} project={project.id} mayWrite={can(project.role, "signals:write")} />
      </div>
    </>
  );
}
