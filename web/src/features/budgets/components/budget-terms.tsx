// The fields of a budget that can be changed at any time. Used by the dialogs that create and edit one.
import type { ReactNode } from "react";
import type { BudgetInterval, BudgetUnknownPrice } from "@/api/types";
import { CheckField } from "@/components/ui/check-field";
import { ChoiceField } from "@/components/ui/choice-field";
import { Disclosure } from "@/components/ui/disclosure";
import { SelectField, TextField } from "@/components/ui/field";
import { type BudgetDraft, parseThresholds } from "../lib/budget-draft";
import { ENFORCEMENTS, INTERVALS, scheduleWords, UNKNOWN_PRICES } from "../lib/terms-words";
import { ExceedFields } from "./exceed-fields";
import styles from "./form.module.css";
import { PeriodFields } from "./period-fields";

/** JSON pointers of what these fields show. */
export const TERM_PLACES: readonly string[] = [
  "/name",
  "/limit/amount",
  "/time_zone",
  "/anchor/hour",
  "/anchor/weekday",
  "/anchor/day",
  "/on_exceed",
  "/on_exceed/route",
  "/on_exceed/requests_per_minute",
  "/alert_thresholds",
];

interface BudgetTermsProps {
  draft: BudgetDraft;
  onChange: (draft: BudgetDraft) => void;
  /** Messages by JSON pointer. */
  errors: Readonly<Record<string, string>>;
  /** Which calls count: fields, or what cannot be changed. */
  scope: ReactNode;
  /** What a changed amount or period means for the window that is open. */
  notice?: ReactNode;
}

export function BudgetTerms({ draft, onChange, errors, scope, notice }: BudgetTermsProps) {
  const set = (change: Partial<BudgetDraft>) => onChange({ ...draft, ...change });
  const hasPeriods = draft.interval !== "lifetime" && draft.interval !== "hour";
  const thresholds = parseThresholds(draft.thresholds);
  const periodError = ["/time_zone", "/anchor/hour", "/anchor/weekday", "/anchor/day"].some(
    (place) => errors[place],
  );
  return (
    <>
      <TextField
        label="Name"
        required
        maxLength={100}
        placeholder="Team budget"
        value={draft.name}
        error={errors["/name"]}
        hint="Refusals name it, so that callers know whom to ask."
        onChange={(event) => set({ name: event.target.value })}
      />
      <div className={styles["pair"]}>
        <TextField
          label="Limit in US dollars"
          required
          inputMode="decimal"
          autoComplete="off"
          placeholder="25.00"
          value={draft.amount}
          error={errors["/limit/amount"]}
          onChange={(event) => set({ amount: event.target.value })}
        />
        <SelectField
          label="In"
          value={draft.interval}
          onChange={(event) => set({ interval: event.target.value as BudgetInterval })}
        >
          {INTERVALS.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </SelectField>
      </div>
      {notice}
      {scope}
      <ChoiceField
        label="How strictly it is kept"
        value={draft.enforcement}
        options={ENFORCEMENTS}
        onChange={(enforcement) => set({ enforcement })}
      />
      {draft.enforcement !== "notify" && <ExceedFields draft={draft} onChange={set} errors={errors} />}
      <div className={styles["more"]}>
        {hasPeriods && (
          <Disclosure title="When it begins" summary={scheduleWords(draft)} forced={periodError}>
            <PeriodFields draft={draft} onChange={set} errors={errors} />
          </Disclosure>
        )}
        <Disclosure
          title="What counts, and when to warn"
          summary={thresholds?.length ? `warns at ${thresholds.join(", ")} %` : "no warning"}
          forced={Boolean(errors["/alert_thresholds"]) || thresholds === null}
        >
          <CheckField
            label="Count calls over your own provider accounts"
            hint="Their cost is what the provider bills you, by its published prices."
            checked={draft.countsOwn}
            onChange={(countsOwn) => set({ countsOwn })}
          />
          <SelectField
            label="Calls without a known price"
            value={draft.unknownPrice}
            onChange={(event) => set({ unknownPrice: event.target.value as BudgetUnknownPrice })}
          >
            {UNKNOWN_PRICES.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
          <TextField
            label="Warn at"
            optional
            placeholder="80, 100"
            value={draft.thresholds}
            error={
              thresholds
                ? errors["/alert_thresholds"]
                : "Use at most 10 whole percentages from 1 to 100, such as 80, 100."
            }
            hint="Percent of the limit, separated by commas. From the first on, a window counts as nearly used up."
            onChange={(event) => set({ thresholds: event.target.value })}
          />
        </Disclosure>
      </div>
    </>
  );
}
