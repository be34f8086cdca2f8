// What each role may do. The server decides; the dashboard uses this to explain before a click, not to protect.
import type { Role } from "@/api/types";

const RANK: Record<Role, number> = { viewer: 0, developer: 1, admin: 2, owner: 3 };

const NEEDED = {
  "keys:write": "developer",
  "connections:write": "developer",
  "routes:write": "developer",
  "signals:write": "developer",
  "project-constraints:write": "admin",
  "organization-constraints:write": "owner",
  "facts:write": "owner",
  "projects:write": "admin",
  "budgets:write": "admin",
  "limits:write": "admin",
  "webhooks:read": "admin",
  "ledger:read": "admin",
  "top-ups:write": "owner",
} as const satisfies Record<string, Role>;

export type Permission = keyof typeof NEEDED;

export function can(role: Role, permission: Permission): boolean {
  return RANK[role] >= RANK[NEEDED[permission]];
}

/** Why an action is not offered, in one sentence; null when it is. */
export function missingRole(role: Role, permission: Permission, organization: string): string | null {
  if (can(role, permission)) return null;
  return `Needs the ${NEEDED[permission]} role. An admin of ${organization} can grant it.`;
}
