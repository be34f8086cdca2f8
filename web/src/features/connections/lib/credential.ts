// What a form for a credential holds, and the one text that is sent. Pure.
import type { CredentialForm } from "@/api/types";

export interface CredentialDraft {
  /** Which of the provider's forms of credential. */
  kind: string;
  /** A key, or a whole file. */
  text: string;
  /** The members of a document, by name. */
  members: Readonly<Record<string, string>>;
}

export function emptyDraft(forms: readonly CredentialForm[]): CredentialDraft {
  return { kind: forms[0]?.kind ?? "api_key", text: "", members: {} };
}

export function formOf(forms: readonly CredentialForm[], draft: CredentialDraft): CredentialForm | undefined {
  return forms.find(({ kind }) => kind === draft.kind) ?? forms[0];
}

/** The text to send; empty when nothing was typed. */
export function credentialText(forms: readonly CredentialForm[], draft: CredentialDraft): string {
  const form = formOf(forms, draft);
  if (!form?.fields.length) return draft.text.trim();
  const members = form.fields.flatMap(({ name }) => {
    const value = draft.members[name]?.trim();
    return value ? [[name, value]] : [];
  });
  return members.length ? JSON.stringify(Object.fromEntries(members)) : "";
}
