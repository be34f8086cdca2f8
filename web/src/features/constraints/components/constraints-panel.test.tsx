import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import type { Role } from "@/api/types";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario } from "@/testing/world";
import { ConstraintsPanel } from "./constraints-panel";

async function open(scenario: Scenario, role: Role = "owner") {
  const server = startMockServer(scenario);
  await refreshSession();
  renderPage(<ConstraintsPanel current={{ ...currentProject, role }} />);
  return { ...server, user: userEvent.setup() };
}

const organization = currentProject.organization.id;

test("a project shows what it demands and what it inherits", async () => {
  await open("busy");
  const project = within(await screen.findByRole("region", { name: "Project default" }));
  expect(await project.findByText("$15.00 for a million generated tokens")).toBeTruthy();
  const inherited = within(await project.findByRole("region", { name: "Inherited" }));
  expect(inherited.getByText("none of deepseek")).toBeTruthy();
});

test("a demand is added, the others stay, and the form says what is inherited", async () => {
  const { user, world } = await open("busy");
  await user.click(await screen.findByRole("button", { name: "Edit constraints of default" }));
  const form = within(await screen.findByRole("dialog"));
  await user.type(await form.findByLabelText(/^Processed in/), "EU, CH");
  await user.click(form.getByLabelText("Nobody trains on prompts and answers"));
  await user.click(form.getByText("Providers and models"));
  expect(form.getByText(/The organization demands none of deepseek/)).toBeTruthy();
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(await screen.findByText(/in force within seconds/)).toBeTruthy();
  expect(world.constraints.get(currentProject.id)).toMatchObject({
    processing: ["EU", "CH"],
    no_training: true,
    max_price: { output_per_mtok: { amount: "15.000000000" } },
  });
});

test("a refused entry is told at its field, and nothing changes", async () => {
  const { user, world } = await open("busy");
  await user.click(await screen.findByRole("button", { name: "Edit constraints of Northwind" }));
  const form = within(await screen.findByRole("dialog"));
  const field = await form.findByLabelText(/^Processed in/);
  await user.type(field, "EU, Europe");
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(await form.findByText("No country has the code Europe.")).toBeTruthy();
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(world.constraints.get(organization)?.processing).toBe(null);
});

test("a change that somebody made meanwhile is not overwritten", async () => {
  const { user, world } = await open("busy");
  await user.click(await screen.findByRole("button", { name: "Edit constraints of default" }));
  const form = within(await screen.findByRole("dialog"));
  await user.type(await form.findByLabelText(/^Processed in/), "EU");
  world.revisions.set(currentProject.id, 7);
  await user.click(form.getByRole("button", { name: "Save" }));
  expect(await form.findByText(/Somebody changed it since you opened it/)).toBeTruthy();
  expect(world.constraints.get(currentProject.id)?.processing).toBe(null);
});

test("a claim that does not hold shows the call that breaks it; once it is demanded, it holds", async () => {
  const { user } = await open("busy");
  const card = within(await screen.findByRole("region", { name: "Proof" }));
  expect(card.getByRole("button", { name: "Prove" })).toHaveProperty("disabled", true);
  await user.type(card.getByLabelText(/^Processed in/), "EU");
  await user.click(card.getByRole("button", { name: "Prove" }));
  expect(
    await card.findByText(
      /A call for openai\/gpt-4o-mini reaches openai over the connection openai: not known to process/,
    ),
  ).toBeTruthy();
  expect(card.getByText(/^It does not hold/)).toBeTruthy();

  await user.click(screen.getByRole("button", { name: "Edit constraints of default" }));
  const form = within(await screen.findByRole("dialog"));
  await user.type(await form.findByLabelText(/^Processed in/), "EU");
  await user.click(form.getByRole("button", { name: "Save" }));
  await screen.findByText(/in force within seconds/);
  await expect.poll(() => card.queryByText(/^It does not hold/)).toBe(null);
  await user.click(card.getByRole("button", { name: "Prove" }));
  expect(await card.findByText(/^It holds: no call of this project/)).toBeTruthy();
});

test("without a connection, a proof says that there is nothing to reach", async () => {
  const { user } = await open("empty");
  const card = within(await screen.findByRole("region", { name: "Proof" }));
  await user.click(card.getByLabelText("Nobody trains on prompts and answers"));
  await user.click(card.getByRole("button", { name: "Prove" }));
  expect(await card.findByText(/^Nothing can be reached at all/)).toBeTruthy();
});

test("an admin changes the project and learns who changes the organization; a viewer changes nothing", async () => {
  await open("busy", "admin");
  expect(await screen.findByRole("button", { name: "Edit constraints of default" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Edit constraints of Northwind" })).toBeNull();
  expect(screen.getByText(/Needs the owner role/)).toBeTruthy();
});
