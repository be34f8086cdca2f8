import { createContext, use } from "react";
import type { Membership, Role } from "@/api/types";

/** The project in the URL, as the signed-in person sees it. Set by the dashboard layout. */
export interface CurrentProject {
  id: string;
  name: string;
  slug: string;
  organization: Membership["organization"];
  /** Every project of the organization, this one included. */
  projects: Membership["projects"];
  role: Role;
}

export const ProjectContext = createContext<CurrentProject | null>(null);

export function useProject(): CurrentProject {
  const project = use(ProjectContext);
  if (!project) throw new Error("useProject needs the dashboard layout around it");
  return project;
}
