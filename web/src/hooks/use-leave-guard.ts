import { useBlocker } from "@tanstack/react-router";
import { useRef } from "react";

/** Asks before a page with unsaved text is left. `allow` lets the next step pass, once the text is saved. */
export function useLeaveGuard(hasUnsaved: boolean): { allow: () => void } {
  const allowed = useRef(false);
  useBlocker({
    shouldBlockFn: () => !allowed.current && !window.confirm("Leave without publishing what you wrote?"),
    enableBeforeUnload: () => !allowed.current,
    disabled: !hasUnsaved,
  });
  return {
    allow: () => {
      allowed.current = true;
    },
  };
}
