// The inputs of what a provider needs to know besides address and credential.
import type { SettingForm } from "@/api/types";
import { TextAreaField, TextField } from "@/components/ui/field";
import type { SettingsDraft } from "../lib/settings";

interface SettingFieldsProps {
  forms: readonly SettingForm[];
  draft: SettingsDraft;
  errors: Readonly<Record<string, string>>;
  onChange: (draft: SettingsDraft) => void;
}

export function SettingFields({ forms, draft, errors, onChange }: SettingFieldsProps) {
  return forms.map(({ name, label, required, example, hint }) => {
    const common = {
      label,
      hint,
      required,
      optional: !required,
      placeholder: example,
      spellCheck: false,
      value: draft[name] ?? "",
      error: errors[name],
    };
    return name === "deployments" ? (
      <TextAreaField
        key={name}
        {...common}
        rows={3}
        onChange={(event) => onChange({ ...draft, [name]: event.target.value })}
      />
    ) : (
      <TextField
        key={name}
        {...common}
        onChange={(event) => onChange({ ...draft, [name]: event.target.value })}
      />
    );
  });
}
