// The frame of every project page: which project, where to go, who is here. Provides the project to the pages.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { Menu as MenuIcon } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import type { Me } from "@/api/types";
import { Brand } from "@/components/brand";
import { Button } from "@/components/ui/button";
import { ErrorState } from "@/components/ui/error-state";
import { Sheet } from "@/components/ui/sheet";
import { SkeletonRows } from "@/components/ui/skeleton";
import { useToast } from "@/components/ui/toaster";
import { meQuery } from "@/features/projects/api/get-me";
import { NewProjectDialog } from "@/features/projects/components/new-project-dialog";
import { ProjectSwitcher } from "@/features/projects/components/project-switcher";
import { type CurrentProject, ProjectContext } from "@/hooks/use-project";
import { rememberProject } from "@/lib/last-project";
import { can } from "@/lib/permissions";
import { NotFound } from "../routes/not-found";
import { AccountMenu } from "./account-menu";
import { CenterLayout } from "./center-layout";
import styles from "./dashboard-layout.module.css";
import { Navigation } from "./navigation";

const route = getRouteApi("/signed-in/o/$org/p/$project");

export function DashboardLayout() {
  const params = route.useParams();
  const me = useQuery(meQuery);
  const current = useMemo(() => (me.data ? findProject(me.data, params) : null), [me.data, params]);

  useEffect(() => {
    if (current) rememberProject({ org: current.organization.slug, project: current.slug });
  }, [current]);

  if (me.isSuccess && !current) return <NotFound />;
  if (!me.isSuccess || !current) {
    return (
      <CenterLayout>
        {me.isError ? (
          <ErrorState
            error={me.error}
            title="Your projects could not be loaded."
            onRetry={() => me.refetch()}
          />
        ) : (
          <SkeletonRows rows={3} label="Loading your projects" />
        )}
      </CenterLayout>
    );
  }
  return (
    <ProjectContext value={current}>
      <a href="#main" className={styles["skip"]}>
        Skip to content
      </a>
      <TopBar me={me.data} current={current} params={params} />
      <div className={styles["frame"]}>
        <aside className={styles["side"]}>
          <Navigation params={params} />
        </aside>
        <main id="main" tabIndex={-1} className={styles["main"]}>
          <Outlet />
        </main>
      </div>
    </ProjectContext>
  );
}

interface TopBarProps {
  me: Me;
  current: CurrentProject;
  params: { org: string; project: string };
}

function TopBar({ me, current, params }: TopBarProps) {
  const navigate = route.useNavigate();
  const toast = useToast();
  const [menuOpen, setMenuOpen] = useState(false);
  const [creating, setCreating] = useState(false);
  const mayCreate = can(current.role, "projects:write");
  return (
    <header className={styles["bar"]}>
      <Button
        variant="quiet"
        size="small"
        className={styles["menu"] ?? ""}
        aria-label="Open navigation"
        onClick={() => setMenuOpen(true)}
      >
        <MenuIcon size={16} aria-hidden />
      </Button>
      <span className={styles["brand"]}>
        <Brand />
      </span>
      <ProjectSwitcher
        memberships={me.memberships}
        current={current}
        onNewProject={mayCreate ? () => setCreating(true) : undefined}
      />
      <span className={styles["account"]}>
        <AccountMenu user={me.user} />
      </span>
      <Sheet open={menuOpen} side="left" title="Sluicegate" onClose={() => setMenuOpen(false)}>
        <Navigation params={params} onNavigate={() => setMenuOpen(false)} />
      </Sheet>
      <NewProjectDialog
        open={creating}
        onClose={() => setCreating(false)}
        organization={current.organization}
        onCreated={(project) => {
          toast(`“${project.name}” is ready.`);
          void navigate({
            to: "/o/$org/p/$project/quickstart",
            params: { org: params.org, project: project.slug },
          });
        }}
      />
    </header>
  );
}

function findProject(
  me: Me,
  { org, project: slug }: { org: string; project: string },
): CurrentProject | null {
  const membership = me.memberships.find(({ organization }) => organization.slug === org);
  const project = membership?.projects.find((candidate) => candidate.slug === slug);
  if (!membership || !project) return null;
  const { organization, projects, role } = membership;
  return { ...project, organization, projects, role };
}
