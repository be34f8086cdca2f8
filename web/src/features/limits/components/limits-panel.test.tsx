import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario } from "@/testing/world";
import { LimitsPanel } from "./limits-panel";

function Page({ mayWrite = true }: { mayWrite?: boolean }) {
  const [creating, setCreating] = useState(false);
  return (
    <LimitsPanel
      current={currentProject}
      mayWrite={mayWrite}
      creating={creating}
      onCreatingChange={setCreating}
      search={{}}
      onSearch={() => {}}
    />
  );
}

async function open(scenario: Scenario, page = <Page />) {
  const server = startMockServer(scenario);
  await refreshSession();
  renderPage(page);
  return { ...server, user: userEvent.setup() };
}

async function act(user: ReturnType<typeof userEvent.setup>, limit: RegExp, item: string) {
  await user.click(await screen.findByRole("button", { name: limit }));
  await user.click(await screen.findByRole("menuitem", { name: item }));
}

test("a limit is created for each end user of a provider", async () => {
  const { user, world } = await open("empty");
  await user.click(await screen.findByRole("button", { name: "Create limit" }));
  const form = within(await screen.findByRole("dialog", { name: "Create limit" }));
  await user.click(form.getByRole("radio", { name: "Output tokens a minute" }));
  await user.type(form.getByLabelText("A minute"), "50000");
  await user.type(form.getByLabelText(/^Burst/), "5000");
  await user.click(form.getByText("Only some of these calls"));
  await user.selectOptions(form.getByLabelText("End user"), "each");
  await form.findByRole("option", { name: "Mistral" });
  await user.selectOptions(form.getByLabelText("Provider"), "Mistral");
  await user.click(form.getByRole("button", { name: "Create limit" }));
  expect(await screen.findByText("The limit is in force.")).toBeTruthy();
  expect(world.limits[0]).toMatchObject({
    metric: "output_tokens",
    amount: 50_000,
    burst: 5_000,
    scope: { project: currentProject.id, end_user: { kind: "each" }, provider: "mistral" },
  });
});

test("a refused part of the scope is shown at its field, opened for it", async () => {
  const { user } = await open("empty");
  await user.click(await screen.findByRole("button", { name: "Create limit" }));
  const form = within(await screen.findByRole("dialog"));
  await user.type(form.getByLabelText("A minute"), "5");
  await user.type(form.getByLabelText(/^Model/), "two words");
  await user.click(form.getByRole("button", { name: "Create limit" }));
  expect(await form.findByText(/^Use a model name without spaces/)).toBeTruthy();
  expect(form.getByText("Only some of these calls").closest("details")).toHaveProperty("open", true);
});

test("a limit is changed, disabled and deleted", async () => {
  const { user, world } = await open("busy");
  const name = /Actions for Requests a minute, 20 a minute, each end user/;
  await act(user, name, "Edit…");
  const form = within(await screen.findByRole("dialog"));
  const amount = await form.findByLabelText("A minute");
  await user.clear(amount);
  await user.type(amount, "25");
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("The limit is changed.")).toBeTruthy();
  const changed = world.limits.find(({ id }) => id === "lim_users");
  expect(changed).toMatchObject({ amount: 25, burst: 5 });

  const renamed = /Actions for Requests a minute, 25 a minute, each end user/;
  await act(user, renamed, "Disable");
  expect(await screen.findByText("The limit on requests a minute is disabled.")).toBeTruthy();
  await act(user, renamed, "Delete…");
  await user.click(await screen.findByRole("button", { name: "Delete limit" }));
  expect(await screen.findByText("The limit is deleted.")).toBeTruthy();
  expect(world.limits.some(({ id }) => id === "lim_users")).toBe(false);
});

test("who may only read sees the limits without actions", async () => {
  await open("viewer", <Page mayWrite={false} />);
  expect(await screen.findByText("Requests at once")).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Actions for/ })).toBeNull();
});
