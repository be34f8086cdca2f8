import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject, makeKey } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario } from "@/testing/world";
import type { BudgetsSearch } from "../lib/budgets-search";
import { BudgetsPanel } from "./budgets-panel";

function Page({ mayWrite = true }: { mayWrite?: boolean }) {
  const [creating, setCreating] = useState(false);
  const [search, setSearch] = useState<BudgetsSearch>({});
  return (
    <BudgetsPanel
      current={currentProject}
      mayWrite={mayWrite}
      creating={creating}
      onCreatingChange={setCreating}
      search={search}
      onSearch={setSearch}
    />
  );
}

async function open(scenario: Scenario, page = <Page />) {
  const server = startMockServer(scenario);
  await refreshSession();
  renderPage(page);
  return { ...server, user: userEvent.setup() };
}

async function act(user: ReturnType<typeof userEvent.setup>, budget: string, item: string) {
  await user.click(await screen.findByRole("button", { name: `Actions for ${budget}` }));
  await user.click(await screen.findByRole("menuitem", { name: item }));
}

function rowNames(): string[] {
  return screen
    .getAllByRole("row")
    .slice(1)
    .map(
      (row) =>
        (within(row).queryByRole("rowheader") ?? within(row).getAllByRole("cell")[0])?.textContent ?? "",
    );
}

test("the tree runs from organization to keys, nearest to the limit first", async () => {
  await open("busy");
  await screen.findByRole("row", { name: /^checkout-service key/ });
  expect(rowNames()).toEqual([
    "Northwind organization",
    "Northwind a month",
    "default project",
    "Experimentstag experiment",
    "Default project",
    "Fair useeach end user · route/support",
    "Trial of larger modelsmodel openai/gpt-4o",
    "checkout-service key",
    "Checkout a day",
    "nightly-summaries key",
    "Nightly summariesmodel openai/*",
  ]);
});

test("budgets of other projects appear when they are asked for", async () => {
  const { user } = await open("busy");
  await screen.findByText("Default project");
  expect(screen.queryByText("Support bot")).toBeNull();
  await user.click(screen.getByRole("radio", { name: "All projects" }));
  expect(await screen.findByRole("row", { name: /^Support bot project/ })).toBeTruthy();
});

test("a budget is created for a key, from amount to schedule", async () => {
  const { user, world } = await open("empty");
  world.keys.push(makeKey({ id: "key_ci", name: "ci" }));
  await user.click(await screen.findByRole("button", { name: "Create budget" }));
  const form = within(await screen.findByRole("dialog", { name: "Create budget" }));
  await user.type(form.getByLabelText("Name"), "CI a week");
  await user.type(form.getByLabelText("Limit in US dollars"), "12.5");
  await user.selectOptions(form.getByLabelText("In"), "week");
  await form.findByRole("option", { name: "ci" });
  await user.selectOptions(form.getByLabelText("Key"), "ci");
  await user.click(form.getByText("When it begins"));
  await user.selectOptions(form.getByLabelText("Day of the week"), "Thursday");
  await user.click(form.getByRole("radio", { name: "Soft" }));
  await user.selectOptions(form.getByLabelText("A call without room"), "is let through now and then");
  await user.click(form.getByRole("button", { name: "Create budget" }));

  expect(await screen.findByText("“CI a week” is in force.")).toBeTruthy();
  expect(world.budgets[0]).toMatchObject({
    name: "CI a week",
    limit: { amount: "12.500000000" },
    interval: "week",
    anchor: { hour: 0, weekday: 4, day: 1 },
    enforcement: "soft",
    on_exceed: { action: "throttle", requests_per_minute: 10 },
    scope: { project: currentProject.id, key: "key_ci" },
  });
});

test("what the server refuses is explained at the field it names, opened for it", async () => {
  const { user, world } = await open("empty");
  await user.click(await screen.findByRole("button", { name: "Create budget" }));
  const form = within(await screen.findByRole("dialog"));
  await user.type(form.getByLabelText("Name"), "odd");
  await user.type(form.getByLabelText("Limit in US dollars"), "1,000");
  await user.click(form.getByRole("button", { name: "Create budget" }));
  expect(await form.findByText(/^Use an amount above 0/)).toBeTruthy();
  expect(form.getByLabelText("Limit in US dollars").getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(form.getByLabelText("Limit in US dollars"));

  await user.clear(form.getByLabelText("Limit in US dollars"));
  await user.type(form.getByLabelText("Limit in US dollars"), "1000");
  await user.clear(form.getByLabelText("Time zone"));
  await user.type(form.getByLabelText("Time zone"), "Mars/Olympus");
  await user.click(form.getByRole("button", { name: "Create budget" }));
  expect(await form.findByText(/^Use a name of the IANA/)).toBeTruthy();
  expect(form.getByText("When it begins").closest("details")).toHaveProperty("open", true);
  expect(world.budgets).toEqual([]);
});

test("a new limit says that the window stays, a new period that another one opens", async () => {
  const { user, world } = await open("busy");
  await act(user, "Default project", "Edit…");
  const form = within(await screen.findByRole("dialog"));
  const amount = await form.findByLabelText("Limit in US dollars");
  await user.clear(amount);
  // With the 50 dollars more that the window was adjusted by, 330.
  await user.type(amount, "280");
  expect(form.getByText(/The window that is open stays open.*no room until the window resets/)).toBeTruthy();
  await user.selectOptions(form.getByLabelText("In"), "month");
  expect(form.getByText(/opens a new one that starts at \$0.00/)).toBeTruthy();
  await user.selectOptions(form.getByLabelText("In"), "week");
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("“Default project” is changed.")).toBeTruthy();
  const changed = world.budgets.find(({ id }) => id === "bud_default");
  expect(changed).toMatchObject({ limit: { amount: "280.000000000" }, interval: "week" });
  expect(changed?.current_window.settled.amount).toBe("337.402118000");
});

test("somebody else's change is not written over, and can be loaded", async () => {
  const { user, world } = await open("busy");
  await act(user, "Default project", "Edit…");
  const dialog = within(await screen.findByRole("dialog"));
  const name = await dialog.findByLabelText("Name");
  const theirs = world.budgets.find(({ id }) => id === "bud_default");
  if (theirs) theirs.name = "Renamed meanwhile";
  world.revisions.set("bud_default", 2);
  await user.type(name, " (mine)");
  await user.click(dialog.getByRole("button", { name: "Save" }));
  expect(await dialog.findByText(/Somebody changed it since you opened it/)).toBeTruthy();
  expect(theirs?.name).toBe("Renamed meanwhile");
  await user.click(dialog.getByRole("button", { name: "Load it as it is now" }));
  expect(await dialog.findByDisplayValue("Renamed meanwhile")).toBeTruthy();
  await user.click(dialog.getByRole("button", { name: "Cancel" }));
});

test("disabling and deleting act on the budget that was chosen", async () => {
  const { user, world } = await open("busy");
  await act(user, "Northwind a month", "Disable");
  expect(await screen.findByText("“Northwind a month” is disabled.")).toBeTruthy();
  expect(world.budgets.find(({ id }) => id === "bud_company")?.status).toBe("disabled");
  await act(user, "Northwind a month", "Delete…");
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByText(/Calls of all of Northwind are no longer held to it/)).toBeTruthy();
  await user.click(dialog.getByRole("button", { name: "Delete budget" }));
  expect(await screen.findByText("“Northwind a month” is deleted.")).toBeTruthy();
  expect(world.budgets.some(({ id }) => id === "bud_company")).toBe(false);
});

test("a failed load says why and offers to try again", async () => {
  await open("failing");
  const alert = within(await screen.findByRole("alert"));
  expect(alert.getByText("dependency_unavailable")).toBeTruthy();
  expect(alert.getByRole("button", { name: "Retry" })).toBeTruthy();
});

test("who may only read sees the windows without actions", async () => {
  await open("viewer", <Page mayWrite={false} />);
  expect(await screen.findByText("Default project")).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Actions for/ })).toBeNull();
});
