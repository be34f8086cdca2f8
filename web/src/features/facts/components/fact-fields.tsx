// What can be stated: of the operator of an endpoint, and of the model behind it. An empty field states nothing.
import { messageAt } from "@/api/problem";
import { SelectField, TextField } from "@/components/ui/field";
import type { StatementDraft, Truth } from "../lib/statement-draft";
import styles from "./fact-fields.module.css";

interface FactFieldsProps {
  draft: StatementDraft;
  onChange: (part: Partial<StatementDraft>) => void;
  /** Messages by JSON pointer. */
  errors: Readonly<Record<string, string>>;
}

export function OperatorFactFields({ draft, onChange, errors }: FactFieldsProps) {
  return (
    <div className={styles["pair"]}>
      <TextField
        label="Processed in"
        optional
        placeholder="EU"
        value={draft.processing}
        error={messageAt(errors, "/facts/processing")}
        hint="A country by two letters, or EU."
        onChange={(event) => onChange({ processing: event.target.value })}
      />
      <TextField
        label="Operator at home in"
        optional
        placeholder="US"
        value={draft.operator_home}
        error={messageAt(errors, "/facts/operator_home")}
        onChange={(event) => onChange({ operator_home: event.target.value })}
      />
      <TextField
        label="Keeps for days"
        optional
        type="number"
        min={0}
        value={draft.retention_days}
        error={messageAt(errors, "/facts/retention_days")}
        hint="0: keeps nothing."
        onChange={(event) => onChange({ retention_days: event.target.value })}
      />
      <TruthField
        label="Trains on prompts or answers"
        value={draft.trains}
        error={messageAt(errors, "/facts/trains")}
        onChange={(trains) => onChange({ trains })}
      />
      <TextField
        label="Certificates"
        optional
        placeholder="SOC 2, ISO 27001"
        value={draft.certifications}
        error={messageAt(errors, "/facts/certifications")}
        onChange={(event) => onChange({ certifications: event.target.value })}
      />
    </div>
  );
}

export function ModelFactFields({ draft, onChange, errors }: FactFieldsProps) {
  return (
    <div className={styles["pair"]}>
      <TextField
        label="Number format"
        optional
        placeholder="fp8"
        value={draft.quantization}
        error={messageAt(errors, "/facts/quantization")}
        onChange={(event) => onChange({ quantization: event.target.value })}
      />
      <TextField
        label="Author at home in"
        optional
        placeholder="FR"
        value={draft.author_home}
        error={messageAt(errors, "/facts/author_home")}
        onChange={(event) => onChange({ author_home: event.target.value })}
      />
      <TextField
        label="License of the weights"
        optional
        placeholder="apache-2.0"
        value={draft.license}
        error={messageAt(errors, "/facts/license")}
        onChange={(event) => onChange({ license: event.target.value })}
      />
      <TruthField
        label="Weights are published"
        value={draft.open_weights}
        error={messageAt(errors, "/facts/open_weights")}
        onChange={(open_weights) => onChange({ open_weights })}
      />
      <TruthField
        label="Others may train on the answers"
        value={draft.distillable}
        error={messageAt(errors, "/facts/distillable")}
        onChange={(distillable) => onChange({ distillable })}
      />
      <TruthField
        label="Calls tools"
        value={draft.tools}
        error={messageAt(errors, "/facts/tools")}
        onChange={(tools) => onChange({ tools })}
      />
      <TruthField
        label="Answers by a JSON schema"
        value={draft.json_schema}
        error={messageAt(errors, "/facts/json_schema")}
        onChange={(json_schema) => onChange({ json_schema })}
      />
      <TruthField
        label="Thinks before it answers"
        value={draft.reasoning}
        error={messageAt(errors, "/facts/reasoning")}
        onChange={(reasoning) => onChange({ reasoning })}
      />
    </div>
  );
}

interface TruthFieldProps {
  label: string;
  value: Truth;
  error: string | undefined;
  onChange: (value: Truth) => void;
}

function TruthField({ label, value, error, onChange }: TruthFieldProps) {
  return (
    <SelectField
      label={label}
      value={value}
      error={error}
      onChange={(event) => onChange(event.target.value as Truth)}
    >
      <option value="">Not stated</option>
      <option value="yes">Yes</option>
      <option value="no">No</option>
    </SelectField>
  );
}
