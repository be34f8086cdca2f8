import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario } from "@/testing/world";
import { WebhookDetail } from "./webhook-detail";
import { WebhooksPanel } from "./webhooks-panel";

async function open(page: React.ReactNode, scenario: Scenario = "busy") {
  const server = startMockServer(scenario);
  await refreshSession();
  renderPage(page);
  return { ...server, user: userEvent.setup() };
}

function Panel({ initially = false }: { initially?: boolean }) {
  const [creating, setCreating] = useState(initially);
  return <WebhooksPanel current={currentProject} creating={creating} onCreatingChange={setCreating} />;
}

function Detail({ webhook }: { webhook: string }) {
  const [deleted, setDeleted] = useState(false);
  if (deleted) return <p>gone</p>;
  return (
    <WebhookDetail
      organization={currentProject.organization.id}
      webhook={webhook}
      onDeleted={() => setDeleted(true)}
    />
  );
}

test("the list says which webhooks are told anything", async () => {
  await open(<Panel />);
  const table = within(await screen.findByRole("table", { name: "Webhooks" }));
  expect(table.getByRole("link", { name: "On call" }).closest("tr")?.textContent).toContain("Active");
  const off = table.getByRole("link", { name: /Chat of/ }).closest("tr");
  expect(off?.textContent).toContain("Switched off");
});

test("a new webhook shows its secret once, and a wrong address is told at its field", async () => {
  const { user, world } = await open(<Panel />, "empty");
  expect(await screen.findByText("No webhooks yet")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Create webhook" }));
  const form = within(await screen.findByRole("dialog"));
  await user.type(form.getByLabelText("Name"), "On call");
  await user.type(form.getByLabelText("Address"), "http://example.com/hook");
  await user.click(form.getByRole("button", { name: "Create webhook" }));
  expect(await form.findByText("Use an address that begins with https://.")).toBeTruthy();
  await user.clear(form.getByLabelText("Address"));
  await user.type(form.getByLabelText("Address"), "https://example.com/hook");
  await user.click(form.getByRole("button", { name: "Create webhook" }));
  expect((await screen.findByLabelText("Webhook secret")).textContent).toMatch(/^whsec_/);
  await user.keyboard("{Escape}");
  expect(screen.getByLabelText("Webhook secret")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "I saved it" }));
  expect(screen.queryByText(/whsec_/)).toBeNull();
  expect(await screen.findByRole("link", { name: "On call" })).toBeTruthy();
  expect(world.webhooks).toHaveLength(1);
});

test("each delivery says what the receiver answered, and when it is tried again", async () => {
  await open(<Detail webhook="whk_oncall" />);
  const rows = within(await screen.findByRole("table", { name: "Deliveries" })).getAllByRole("row");
  expect(rows[1]?.textContent).toMatch(/Waiting.*answered 503, 2 attempts.*in 2\d minutes/);
  expect(rows[2]?.textContent).toMatch(/Delivered.*answered 204/);
});

test("a test says at once what came of it, and stands in the log", async () => {
  const { user } = await open(<Detail webhook="whk_chat" />);
  expect(await screen.findByText(/A message failed at every one of its attempts/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Send a test" }));
  expect(await screen.findByText("The receiver did not take the test: answered 404.")).toBeTruthy();
  const log = within(screen.getByRole("table", { name: "Deliveries" }));
  await waitFor(() => expect(log.getAllByRole("row")).toHaveLength(3));
  expect(log.getByText("timed out, 8 attempts")).toBeTruthy();
});

test("a webhook is enabled, renamed and deleted", async () => {
  const { user, world } = await open(<Detail webhook="whk_chat" />);
  await user.click(await screen.findByRole("button", { name: "Enable" }));
  expect(await screen.findByRole("button", { name: "Disable" })).toBeTruthy();
  expect(screen.queryByText(/A message failed/)).toBeNull();
  await user.click(screen.getByRole("button", { name: "Edit" }));
  const form = within(await screen.findByRole("dialog"));
  await user.clear(await form.findByLabelText("Name"));
  await user.type(form.getByLabelText("Name"), "Chat");
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(await screen.findByRole("heading", { name: "Chat" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Delete" }));
  await user.click(await screen.findByRole("button", { name: "Delete webhook" }));
  expect(await screen.findByText("gone")).toBeTruthy();
  expect(world.webhooks.map(({ id }) => id)).toEqual(["whk_oncall"]);
});

test("a rotated secret is shown once, and the page says until when the old one signs too", async () => {
  const { user } = await open(<Detail webhook="whk_oncall" />);
  await user.click(await screen.findByRole("button", { name: "Rotate secret…" }));
  const form = within(await screen.findByRole("dialog", { name: "Rotate “On call”" }));
  await user.selectOptions(form.getByLabelText("Overlap"), "Stop the old secret at once");
  expect(form.getByText(/refuses messages until it is updated/)).toBeTruthy();
  await user.selectOptions(form.getByLabelText("Overlap"), "1 hour");
  await user.click(form.getByRole("button", { name: "Rotate secret" }));
  expect((await screen.findByLabelText("Webhook secret")).textContent).toMatch(/^whsec_/);
  expect(screen.getByText(/The old secret keeps working until/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "I saved it" }));
  expect(screen.queryByText(/whsec_/)).toBeNull();
  expect(await screen.findByText(/signed with the old secret as well until/)).toBeTruthy();
});

test("a failed load says why and offers to try again", async () => {
  await open(<Panel />, "failing");
  expect(await screen.findByText("Webhooks could not be loaded.")).toBeTruthy();
});
