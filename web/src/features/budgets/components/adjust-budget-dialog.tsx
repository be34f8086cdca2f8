// Raises or lowers what may be spent in the window that is open. The windows after it have the budget's limit again.
import { type FormEvent, useState } from "react";
import { asProblem, messageAt } from "@/api/problem";
import type { Budget } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogActions } from "@/components/ui/dialog";
import { TextField } from "@/components/ui/field";
import { FormProblem } from "@/components/ui/form-problem";
import { Notice } from "@/components/ui/notice";
import { Segmented } from "@/components/ui/segmented";
import { useToast } from "@/components/ui/toaster";
import { formatMoneyExact, toNanos } from "@/lib/money";
import { sharers } from "@/lib/scope";
import { useAdjustBudget } from "../api/adjustments";
import { limitAfter, NO_ADJUSTMENT, signedAmount } from "../lib/adjustment-draft";
import { openLimit } from "../lib/budget-state";
import styles from "./form.module.css";

const PLACES = ["/amount", "/reason", "/partition"] as const;

interface AdjustBudgetDialogProps {
  organization: string;
  budget: Budget;
  onClose: () => void;
}

export function AdjustBudgetDialog({ organization, budget, onClose }: AdjustBudgetDialogProps) {
  const adjust = useAdjustBudget(organization, budget.id);
  const toast = useToast();
  const [draft, setDraft] = useState(NO_ADJUSTMENT);
  const pointers = adjust.error ? asProblem(adjust.error).pointers : {};
  const window = { ...budget.current_window, limit: openLimit(budget) };
  const whose = draft.partition.trim();
  // What a single share has is not read here.
  const next = whose ? null : limitAfter(draft, window);
  const alone = sharers(budget.scope);

  function submit(event: FormEvent) {
    event.preventDefault();
    adjust.mutate(
      { amount: signedAmount(draft), reason: draft.reason.trim(), partition: whose || null },
      {
        onSuccess: ({ limit, partition }) => {
          onClose();
          const of = partition === null ? "" : ` for “${partition}”`;
          toast(`The open window of “${budget.name}” has ${formatMoneyExact(limit)}${of} now.`);
        },
      },
    );
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Adjust “${budget.name}”`}
      description={`Of the window that is open, which has ${formatMoneyExact(window.limit)}${alone ? ` for each ${alone}` : ""}. The windows after it have the budget's limit again.`}
    >
      <form className={styles["form"]} onSubmit={submit}>
        <FormProblem error={adjust.error} places={PLACES} />
        <div>
          <Segmented
            label="Direction"
            value={draft.direction}
            options={[
              { value: "more", label: "Allow more" },
              { value: "less", label: "Allow less" },
            ]}
            onChange={(direction) => setDraft({ ...draft, direction })}
          />
        </div>
        <TextField
          label="Amount in US dollars"
          required
          inputMode="decimal"
          placeholder="25.00"
          value={draft.amount}
          error={messageAt(pointers, "/amount")}
          hint={next ? `The window would have ${formatMoneyExact(next)}.` : undefined}
          onChange={(event) => setDraft({ ...draft, amount: event.target.value })}
        />
        {alone && (
          <TextField
            label={`Only for one ${alone}`}
            placeholder="All of them"
            value={draft.partition}
            error={messageAt(pointers, "/partition")}
            onChange={(event) => setDraft({ ...draft, partition: event.target.value })}
          />
        )}
        <TextField
          label="Why"
          required
          maxLength={500}
          placeholder="Launch week"
          value={draft.reason}
          error={messageAt(pointers, "/reason")}
          onChange={(event) => setDraft({ ...draft, reason: event.target.value })}
        />
        {next && !alone && toNanos(next) < toNanos(window.settled) && (
          <Notice tone="warn">
            More than that is spent already. What was spent stays; calls without room are stopped.
          </Notice>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" pending={adjust.isPending && "Adjusting…"}>
            Adjust
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
