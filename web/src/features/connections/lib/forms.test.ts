import { expect, test } from "vitest";
import type { CredentialForm, SettingForm } from "@/api/types";
import { credentialText, emptyDraft } from "./credential";
import { ownAddress, settingsBody } from "./settings";

const KEY: CredentialForm = { kind: "api_key", label: "API key", hint: "", fields: [] };
const AWS: CredentialForm = {
  kind: "aws_keys",
  label: "AWS access key",
  hint: "",
  fields: [
    { name: "access_key_id", label: "Access key ID", required: true, secret: false },
    { name: "session_token", label: "Session token", required: false, secret: true },
  ],
};

function setting(name: SettingForm["name"]): SettingForm {
  return { name, label: name, required: false, example: "", hint: "" };
}

test("a key is sent as it is, a document as JSON of what was typed", () => {
  const forms = [AWS, KEY];
  const draft = emptyDraft(forms);
  expect(credentialText(forms, draft)).toBe("");
  const typed = {
    ...draft,
    text: "ignored",
    members: { access_key_id: " AKIA ", session_token: " ", other: "x" },
  };
  expect(credentialText(forms, typed)).toBe('{"access_key_id":"AKIA"}');
  expect(credentialText(forms, { ...typed, kind: "api_key", text: " sk-1\n" })).toBe("sk-1");
});

test("settings of another provider stay behind, and lines become deployments", () => {
  const draft = { region: " us-east-1 ", project: "p", deployments: "gpt-4o = mine\n\n a=b=c \nlonely" };
  expect(settingsBody([setting("region")], draft)).toEqual({ region: "us-east-1" });
  expect(settingsBody([setting("deployments"), setting("organization")], draft)).toEqual({
    deployments: { "gpt-4o": "mine", a: "b=c", lonely: "" },
  });
});

test("an address shows its region once there is one", () => {
  expect(ownAddress("https://x.{region}.example.com", { region: "eu" })).toBe("https://x.eu.example.com");
  expect(ownAddress("https://x.{region}.example.com", {})).toBe("https://x.{region}.example.com");
  expect(ownAddress(null, {})).toBeNull();
});
