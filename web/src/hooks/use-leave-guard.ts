import { useBlocker } from "@tanstack/react-router";
import { useRef } from "react";

interface LeaveGuardOptions {
  /** The page holds the text above its tabs, so that going from one to another loses nothing. */
  acrossTabs?: boolean;
}

/** Asks before a page with unsaved text is left. `allow` lets the next step pass, once the text is saved. */
export function useLeaveGuard(
  hasUnsaved: boolean,
  { acrossTabs = false }: LeaveGuardOptions = {},
): { allow: () => void } {
  const allowed = useRef(false);
  useBlocker({
    shouldBlockFn: ({ current, next }) => {
      if (allowed.current || (acrossTabs && current.pathname === next.pathname)) return false;
      return !window.confirm("Leave without saving what you wrote?");
    },
    enableBeforeUnload: () => !allowed.current,
    disabled: !hasUnsaved,
  });
  return {
    allow: () => {
      allowed.current = true;
    },
  };
}
