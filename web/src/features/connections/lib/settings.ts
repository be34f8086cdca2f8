// What a form for a connection's settings holds, and what is sent. Pure.
import type { ConnectionSettings, SettingForm } from "@/api/types";

export type SettingsDraft = Readonly<Partial<Record<SettingForm["name"], string>>>;

/** The settings to send: of what was typed, what this provider takes. */
export function settingsBody(forms: readonly SettingForm[], draft: SettingsDraft): ConnectionSettings {
  const body: ConnectionSettings = {};
  for (const { name } of forms) {
    const text = draft[name]?.trim();
    if (!text) continue;
    if (name === "deployments") body.deployments = deployments(text);
    else body[name] = text;
  }
  return body;
}

/** Lines of `model = name`. A line without a name keeps an empty one, so that the server can say what is wrong. */
function deployments(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.trim());
  return Object.fromEntries(
    lines.map((line) => {
      const [model = "", ...rest] = line.split("=");
      return [model.trim(), rest.join("=").trim()];
    }),
  );
}

/** The address a provider will be reached at, as far as it is known. */
export function ownAddress(baseUrl: string | null, draft: SettingsDraft): string | null {
  return baseUrl?.replace("{region}", draft.region?.trim() || "{region}") ?? null;
}
