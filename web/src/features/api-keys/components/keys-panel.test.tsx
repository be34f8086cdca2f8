import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario } from "@/testing/world";
import { KeysPanel } from "./keys-panel";

function Page({ mayWrite = true }: { mayWrite?: boolean }) {
  const [creating, setCreating] = useState(false);
  return <KeysPanel project="prj_1" mayWrite={mayWrite} creating={creating} onCreatingChange={setCreating} />;
}

async function open(scenario: Scenario, page = <Page />) {
  const server = startMockServer(scenario);
  await refreshSession();
  renderPage(page);
  return { ...server, user: userEvent.setup() };
}

test("a new key shows its secret once, and Escape cannot lose it", async () => {
  const { user } = await open("empty");
  await user.click(await screen.findByRole("button", { name: "Create key" }));
  const form = within(await screen.findByRole("dialog", { name: "Create key" }));
  await user.type(form.getByLabelText("Name"), "ci");
  await user.type(form.getByLabelText(/Allowed models/), "gpt-4o, route/a");
  await user.click(form.getByRole("button", { name: "Create key" }));

  const secret = await screen.findByLabelText("Key secret");
  expect(secret.textContent).toMatch(/^sk-sg-/);
  await user.keyboard("{Escape}");
  expect(screen.getByLabelText("Key secret")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "I saved it" }));
  expect(screen.queryByLabelText("Key secret")).toBeNull();
  const row = within(await screen.findByRole("row", { name: /^ci / }));
  expect(row.getByText("gpt-4o")).toBeTruthy();
  expect(row.getByText("+1")).toBeTruthy();
});

test("a refused name is explained beside the field", async () => {
  const { user } = await open("empty");
  await user.click(await screen.findByRole("button", { name: "Create key" }));
  const form = within(await screen.findByRole("dialog"));
  await user.type(form.getByLabelText("Name"), "taken");
  await user.click(form.getByRole("button", { name: "Create key" }));
  expect(await form.findByText("Another key has this name.")).toBeTruthy();
  expect(form.getByLabelText("Name").getAttribute("aria-invalid")).toBe("true");
});

test("revoking names what stops and waits for the key's name", async () => {
  const { user, world } = await open("busy");
  await user.click(await screen.findByRole("button", { name: "Actions for checkout-service" }));
  await user.click(await screen.findByRole("menuitem", { name: "Revoke…" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(await dialog.findByText(/It made \d+ requests in the last 7 days/)).toBeTruthy();
  const confirm = dialog.getByRole("button", { name: "Revoke key" });
  expect(confirm).toHaveProperty("disabled", true);
  await user.type(dialog.getByLabelText("Type checkout-service to confirm"), "checkout-service");
  await user.click(confirm);
  expect(await screen.findByText("“checkout-service” is revoked.")).toBeTruthy();
  expect(world.keys.some(({ name }) => name === "checkout-service")).toBe(false);
});

test("rotating shows the new secret and when the old one ends", async () => {
  const { user } = await open("busy");
  await user.click(await screen.findByRole("button", { name: "Actions for checkout-service" }));
  await user.click(await screen.findByRole("menuitem", { name: "Rotate…" }));
  await user.click(await screen.findByRole("button", { name: "Rotate key" }));
  expect(await screen.findByLabelText("Key secret")).toBeTruthy();
  expect(screen.getByText(/The old secret keeps working until/)).toBeTruthy();
});

test("a derived key is made with less than its parent has, and stands below it", async () => {
  const { user, world } = await open("busy");
  await user.click(await screen.findByRole("button", { name: "Actions for nightly-summaries" }));
  await user.click(await screen.findByRole("menuitem", { name: "Derive…" }));
  const form = within(await screen.findByRole("dialog", { name: "Derive from “nightly-summaries”" }));
  await user.type(form.getByLabelText("Name"), "run 42");
  await user.type(form.getByLabelText(/^Allowed models/), "gpt-4o");
  await user.click(form.getByRole("button", { name: "Derive key" }));
  expect(await form.findByText(/may not ask for this model/)).toBeTruthy();

  await user.clear(form.getByLabelText(/^Allowed models/));
  await user.type(form.getByLabelText(/^Allowed models/), "gpt-4o-mini");
  await user.type(form.getByLabelText(/^Limit in US dollars/), "0.50");
  await user.click(form.getByRole("button", { name: "Derive key" }));
  expect(await screen.findByLabelText("Key secret")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "I saved it" }));
  expect(await screen.findByRole("row", { name: /^run 42 .* derives from nightly-summaries/ })).toBeTruthy();
  expect(world.keys[0]).toMatchObject({ parent: "key_batch", allowed_models: ["gpt-4o-mini"] });
  expect(world.budgets[0]).toMatchObject({ limit: { amount: "0.500000000" }, interval: "lifetime" });
});

test("a failed load says why, quotes the request id and offers to try again", async () => {
  const { user, calls } = await open("failing");
  const alert = within(await screen.findByRole("alert"));
  expect(alert.getByText("dependency_unavailable")).toBeTruthy();
  expect(alert.getByText(/^req_/)).toBeTruthy();
  const before = calls.length;
  await user.click(alert.getByRole("button", { name: "Retry" }));
  expect(calls.length).toBeGreaterThan(before);
});

test("who may only read sees the keys without actions", async () => {
  await open("viewer", <Page mayWrite={false} />);
  expect(await screen.findByRole("row", { name: /checkout-service/ })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Actions for/ })).toBeNull();
});
