// Where in its interval a period begins, and by whose clocks.
import { useId } from "react";
import { SelectField, TextField } from "@/components/ui/field";
import type { BudgetDraft } from "../lib/budget-draft";
import { scheduleWords, WEEKDAYS } from "../lib/terms-words";
import styles from "./form.module.css";

const HOURS = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, "0")}:00`);
const DAYS = Array.from({ length: 31 }, (_, index) => index + 1);
const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone")];

interface PeriodFieldsProps {
  draft: BudgetDraft;
  onChange: (change: Partial<BudgetDraft>) => void;
  errors: Readonly<Record<string, string>>;
}

export function PeriodFields({ draft, onChange, errors }: PeriodFieldsProps) {
  const zones = useId();
  const { anchor, interval } = draft;
  const move = (change: Partial<BudgetDraft["anchor"]>) => onChange({ anchor: { ...anchor, ...change } });
  return (
    <>
      <div className={styles["pair"]}>
        {interval === "week" && (
          <SelectField
            label="Day of the week"
            value={anchor.weekday}
            error={errors["/anchor/weekday"]}
            onChange={(event) => move({ weekday: Number(event.target.value) })}
          >
            {WEEKDAYS.map((name, index) => (
              <option key={name} value={index + 1}>
                {name}
              </option>
            ))}
          </SelectField>
        )}
        {interval === "month" && (
          <SelectField
            label="Day of the month"
            value={anchor.day}
            error={errors["/anchor/day"]}
            onChange={(event) => move({ day: Number(event.target.value) })}
          >
            {DAYS.map((day) => (
              <option key={day} value={day}>
                {day}
              </option>
            ))}
          </SelectField>
        )}
        <SelectField
          label="Hour"
          value={anchor.hour}
          error={errors["/anchor/hour"]}
          onChange={(event) => move({ hour: Number(event.target.value) })}
        >
          {HOURS.map((label, hour) => (
            <option key={label} value={hour}>
              {label}
            </option>
          ))}
        </SelectField>
      </div>
      <TextField
        label="Time zone"
        required
        list={zones}
        autoComplete="off"
        spellCheck={false}
        value={draft.timeZone}
        error={errors["/time_zone"]}
        hint={scheduleWords(draft)}
        onChange={(event) => onChange({ timeZone: event.target.value })}
      />
      <datalist id={zones}>
        {ZONES.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}
