// Remembers the project last opened, so that `/` leads back to it.

export interface ProjectPath {
  org: string;
  project: string;
}

const KEY = "sluicegate.project";

export function rememberProject(path: ProjectPath): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(path));
  } catch {
    // Storage may be forbidden; the first project is used then.
  }
}

export function recallProject(): ProjectPath | null {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (typeof value !== "object" || value === null) return null;
    const { org, project } = value as Partial<ProjectPath>;
    return typeof org === "string" && typeof project === "string" ? { org, project } : null;
  } catch {
    return null;
  }
}
