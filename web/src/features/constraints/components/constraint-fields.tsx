// What can be demanded, in five groups. What a level above demands is told at each field.
import { messageAt } from "@/api/problem";
import type { Constraints } from "@/api/types";
import { CheckField } from "@/components/ui/check-field";
import { Disclosure } from "@/components/ui/disclosure";
import { TextField } from "@/components/ui/field";
import type { ConstraintDraft, FlagName, ListName, PriceName } from "../lib/constraint-draft";
import { GROUPS, type Group, groupSummary } from "../lib/field-groups";
import { heldBy, listHeldBy } from "../lib/field-hints";
import styles from "./constraint-form.module.css";

interface ConstraintFieldsProps {
  draft: ConstraintDraft;
  onChange: (draft: ConstraintDraft) => void;
  /** Messages by JSON pointer, all below `root`. */
  errors: Readonly<Record<string, string>>;
  root: string;
  /** What the organization demands already, for a form of a project. */
  above: Constraints | null;
}

export function ConstraintFields(props: ConstraintFieldsProps) {
  const { draft, errors, root } = props;
  return (
    <div>
      {GROUPS.map((group) => (
        <Disclosure
          key={group.title}
          title={group.title}
          summary={groupSummary(group, draft)}
          initiallyOpen={group.isUsual}
          forced={places(group, root).some((place) => messageAt(errors, place))}
        >
          <Fields {...props} group={group} />
        </Disclosure>
      ))}
    </div>
  );
}

function places({ lists, flags, prices, hasRetention }: Group, root: string): string[] {
  return [
    ...lists.map(({ name }) => `${root}/${name}`),
    ...flags.map(({ name }) => `${root}/${name}`),
    ...prices.map(({ name }) => `${root}/max_price/${name}`),
    ...(hasRetention ? [`${root}/max_retention_days`] : []),
  ];
}

function Fields({ group, draft, onChange, errors, root, above }: ConstraintFieldsProps & { group: Group }) {
  const setList = (name: ListName, text: string) =>
    onChange({ ...draft, lists: { ...draft.lists, [name]: text } });
  const setFlag = (name: FlagName, flag: boolean) =>
    onChange({ ...draft, flags: { ...draft.flags, [name]: flag } });
  const setPrice = (name: PriceName, text: string) =>
    onChange({ ...draft, prices: { ...draft.prices, [name]: text } });
  return (
    <>
      {group.hasRetention && (
        <TextField
          label="Days that prompts and answers may be kept"
          optional
          type="number"
          min={0}
          max={36_500}
          value={draft.retention}
          error={messageAt(errors, `${root}/max_retention_days`)}
          hint={
            above?.max_retention_days != null
              ? heldBy(`at most ${above.max_retention_days}`)
              : "0: not at all."
          }
          onChange={(event) => onChange({ ...draft, retention: event.target.value })}
        />
      )}
      {group.flags.map(({ name, label, hint }) => (
        <CheckField
          key={name}
          label={label}
          hint={above?.[name] ? heldBy("this") : hint}
          checked={draft.flags[name]}
          onChange={(checked) => setFlag(name, checked)}
        />
      ))}
      <div className={styles["pair"]}>
        {group.lists.map(({ name, label, placeholder, hint }) => (
          <TextField
            key={name}
            label={label}
            optional
            placeholder={placeholder}
            value={draft.lists[name]}
            error={messageAt(errors, `${root}/${name}`)}
            hint={listHeldBy(above, name) ?? hint}
            onChange={(event) => setList(name, event.target.value)}
          />
        ))}
        {group.prices.map(({ name, label }) => (
          <TextField
            key={name}
            label={label}
            optional
            inputMode="decimal"
            placeholder="in US dollars"
            value={draft.prices[name]}
            error={messageAt(errors, `${root}/max_price/${name}`)}
            hint={above?.max_price[name] ? heldBy(`at most ${above.max_price[name].amount}`) : undefined}
            onChange={(event) => setPrice(name, event.target.value)}
          />
        ))}
      </div>
    </>
  );
}
