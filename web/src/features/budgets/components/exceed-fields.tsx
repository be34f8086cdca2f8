// What happens to a call without room. Choices that do not go with the rest of the budget are not offered.
import { useQuery } from "@tanstack/react-query";
import { SelectField, TextField } from "@/components/ui/field";
import { projectPartsQuery } from "@/hooks/use-scope-names";
import { type BudgetDraft, exceedFits } from "../lib/budget-draft";
import styles from "./form.module.css";

interface ExceedFieldsProps {
  draft: BudgetDraft;
  onChange: (change: Partial<BudgetDraft>) => void;
  errors: Readonly<Record<string, string>>;
}

export function ExceedFields({ draft, onChange, errors }: ExceedFieldsProps) {
  const { project } = draft.scope;
  const parts = useQuery({ ...projectPartsQuery(project), enabled: project !== "" });
  const routes = (parts.data?.routes ?? []).filter(({ id }) => id !== draft.scope.route);
  const action = exceedFits(draft.exceed, draft) ? draft.exceed : "refuse";
  return (
    <div className={styles["pair"]}>
      <SelectField
        label="A call without room"
        value={action}
        error={errors["/on_exceed"]}
        hint={hintOf(action)}
        onChange={(event) => onChange({ exceed: event.target.value as BudgetDraft["exceed"] })}
      >
        <option value="refuse">is refused</option>
        {exceedFits("route", draft) && (routes.length > 0 || action === "route") && (
          <option value="route">uses another route</option>
        )}
        {exceedFits("throttle", draft) && <option value="throttle">is let through now and then</option>}
      </SelectField>
      {action === "route" && (
        <SelectField
          label="Route"
          required
          value={draft.exceedRoute}
          error={errors["/on_exceed/route"]}
          onChange={(event) => onChange({ exceedRoute: event.target.value })}
        >
          <option value="">Choose a route</option>
          {routes.map(({ id, name }) => (
            <option key={id} value={id}>
              route/{name}
            </option>
          ))}
        </SelectField>
      )}
      {action === "throttle" && (
        <TextField
          label="Calls a minute"
          required
          type="number"
          min={1}
          max={1_000_000}
          value={draft.callsPerMinute}
          error={errors["/on_exceed/requests_per_minute"]}
          onChange={(event) => onChange({ callsPerMinute: event.target.value })}
        />
      )}
    </div>
  );
}

function hintOf(action: BudgetDraft["exceed"]): string {
  switch (action) {
    case "refuse":
      return "With status 402, the budget's name and when it resets.";
    case "route":
      return "It has to fit this budget in turn.";
    case "throttle":
      return "So often in a minute; the others are refused.";
  }
}
