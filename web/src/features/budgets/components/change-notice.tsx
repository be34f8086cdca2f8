// Says what a changed limit or period does to the window that is open, before anything is saved.
import type { Budget, UpdateBudget } from "@/api/types";
import { Notice } from "@/components/ui/notice";
import { formatMoney, parseAmount, toNanos } from "@/lib/money";
import { sharers } from "@/lib/scope";
import { reopens } from "../lib/budget-draft";

export function ChangeNotice({ budget, change }: { budget: Budget; change: UpdateBudget }) {
  const { settled, adjusted_by } = budget.current_window;
  if (reopens(change)) {
    return (
      <Notice tone="warn">
        Changing when periods begin ends the window that is open, with {formatMoney(settled)} spent, and opens
        a new one that starts at $0.00.
      </Notice>
    );
  }
  if (!change.limit) return null;
  const limit = parseAmount(change.limit.amount);
  const room = limit === null ? null : limit + toNanos(adjusted_by);
  const isBelow = room !== null && !sharers(budget.scope) && room <= toNanos(settled);
  return (
    <Notice tone={isBelow ? "warn" : "info"}>
      The window that is open stays open, and the {formatMoney(settled)} spent in it stay counted.
      {isBelow && " That is no less than it would have: there is no room until the window resets."}
    </Notice>
  );
}
