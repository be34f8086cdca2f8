// The organization and project in view, and the way to another one.
import { Link } from "@tanstack/react-router";
import { Check, ChevronsUpDown, Plus } from "lucide-react";
import { Fragment } from "react";
import type { Membership } from "@/api/types";
import { Menu, MenuDivider, MenuItem, MenuLabel, MenuLink } from "@/components/ui/menu";
import type { CurrentProject } from "@/hooks/use-project";
import styles from "./project-switcher.module.css";

interface ProjectSwitcherProps {
  memberships: readonly Membership[];
  current: CurrentProject;
  /** Left out for people who may not create one. */
  onNewProject?: (() => void) | undefined;
}

export function ProjectSwitcher({ memberships, current, onNewProject }: ProjectSwitcherProps) {
  const trigger = (
    <button
      type="button"
      className={styles["trigger"]}
      aria-label={`Project ${current.name} of ${current.organization.name}. Switch project`}
    >
      <span className={styles["org"]}>{current.organization.name}</span>
      <span className={styles["slash"]} aria-hidden>
        /
      </span>
      <span className={styles["project"]}>{current.name}</span>
      <ChevronsUpDown size={14} aria-hidden />
    </button>
  );
  return (
    <Menu align="start" trigger={trigger}>
      {memberships.map(({ organization, projects }, index) => (
        <Fragment key={organization.id}>
          {index > 0 && <MenuDivider />}
          <MenuLabel>{organization.name}</MenuLabel>
          {projects.map((project) => (
            <MenuLink key={project.id}>
              <Link to="/o/$org/p/$project" params={{ org: organization.slug, project: project.slug }}>
                <span className={styles["grow"]}>{project.name}</span>
                {project.id === current.id && <Check size={16} aria-label="current" />}
              </Link>
            </MenuLink>
          ))}
        </Fragment>
      ))}
      {onNewProject && (
        <>
          <MenuDivider />
          <MenuItem onSelect={onNewProject}>
            <Plus size={16} aria-hidden /> New project…
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
