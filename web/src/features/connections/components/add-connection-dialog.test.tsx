import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { refreshSession } from "@/api/session";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import { AddConnectionDialog } from "./add-connection-dialog";

async function open() {
  const server = startMockServer("empty");
  await refreshSession();
  const onAdded = vi.fn();
  renderPage(<AddConnectionDialog project="prj_1" open onClose={() => {}} onAdded={onAdded} />);
  const form = within(await screen.findByRole("dialog", { name: "Add connection" }));
  return { ...server, form, onAdded, user: userEvent.setup() };
}

test("a provider asks for its own settings and members of its credential", async () => {
  const { form, onAdded, user, world } = await open();
  expect(await form.findByLabelText("API key")).toBeTruthy();
  expect(form.queryByLabelText("AWS region")).toBeNull();
  await user.selectOptions(form.getByLabelText("Provider"), "amazon-bedrock");
  await user.type(form.getByLabelText("AWS region"), "eu-west-1");
  expect(form.getByLabelText(/Base URL/).getAttribute("placeholder")).toBe(
    "https://bedrock-runtime.eu-west-1.amazonaws.com",
  );
  await user.type(form.getByLabelText("Access key ID"), "AKIAIOSFODNN7EXAMPLE");
  await user.type(form.getByLabelText("Secret access key"), "wJalrXUtnFEMI");
  expect(form.getByLabelText("Secret access key").getAttribute("type")).toBe("password");
  await user.click(form.getByRole("button", { name: "Add and test" }));
  await vi.waitFor(() => expect(onAdded).toHaveBeenCalled());
  expect(world.connections[0]?.settings).toEqual({ region: "eu-west-1" });
  expect(world.connections[0]?.credential_hint).toBeTruthy();
});

test("the other form of credential is one field, and a refused setting is explained beside it", async () => {
  const { form, user, world } = await open();
  await form.findByLabelText("API key");
  await user.selectOptions(form.getByLabelText("Provider"), "amazon-bedrock");
  await user.selectOptions(form.getByLabelText("Credential"), "api_key");
  expect(form.queryByLabelText("Access key ID")).toBeNull();
  await user.type(form.getByLabelText("API key"), "bedrock-api-key-1");
  await user.type(form.getByLabelText("AWS region"), "evil.example.com");
  await user.click(form.getByRole("button", { name: "Add and test" }));
  expect(await form.findByText("Use letters, digits and hyphens.")).toBeTruthy();
  expect(form.getByLabelText("AWS region").getAttribute("aria-invalid")).toBe("true");
  expect(world.connections).toEqual([]);
});
