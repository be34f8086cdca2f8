// The inputs of a credential: a key, the members of a document, or a whole file; a choice where there are several.
import type { CredentialForm } from "@/api/types";
import { SelectField, TextAreaField, TextField } from "@/components/ui/field";
import { type CredentialDraft, formOf } from "../lib/credential";

interface CredentialFieldsProps {
  forms: readonly CredentialForm[];
  draft: CredentialDraft;
  required: boolean;
  error: string | undefined;
  onChange: (draft: CredentialDraft) => void;
}

export function CredentialFields({ forms, draft, required, error, onChange }: CredentialFieldsProps) {
  const form = formOf(forms, draft);
  if (!form) return null;
  return (
    <>
      {forms.length > 1 && (
        <SelectField
          label="Credential"
          value={form.kind}
          onChange={(event) => onChange({ ...draft, kind: event.target.value })}
        >
          {forms.map(({ kind, label }) => (
            <option key={kind} value={kind}>
              {label}
            </option>
          ))}
        </SelectField>
      )}
      {form.fields.map((field, index) => (
        <TextField
          key={field.name}
          label={field.label}
          type={field.secret ? "password" : "text"}
          autoComplete="off"
          optional={!(required && field.required)}
          required={required && field.required}
          value={draft.members[field.name] ?? ""}
          error={index === 0 ? error : undefined}
          onChange={(event) =>
            onChange({ ...draft, members: { ...draft.members, [field.name]: event.target.value } })
          }
        />
      ))}
      {form.fields.length === 0 && <WholeText {...{ form, draft, required, error, onChange }} />}
    </>
  );
}

interface WholeTextProps extends Omit<CredentialFieldsProps, "forms"> {
  form: CredentialForm;
}

function WholeText({ form, draft, required, error, onChange }: WholeTextProps) {
  const common = {
    label: form.label,
    hint: form.hint,
    autoComplete: "off",
    optional: !required,
    required,
    value: draft.text,
    error,
  };
  return form.kind === "service_account" ? (
    <TextAreaField
      {...common}
      rows={5}
      spellCheck={false}
      placeholder='{"type": "service_account", …}'
      onChange={(event) => onChange({ ...draft, text: event.target.value })}
    />
  ) : (
    <TextField
      {...common}
      type="password"
      onChange={(event) => onChange({ ...draft, text: event.target.value })}
    />
  );
}
