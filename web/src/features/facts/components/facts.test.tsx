import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario } from "@/testing/world";
import type { FactsSearch } from "../lib/facts-search";
import { EndpointsCard } from "./endpoints-card";
import { StateFactsDialog } from "./state-facts-dialog";
import { StatementsCard } from "./statements-card";

function Page({ mayWrite = true }: { mayWrite?: boolean }) {
  const [search, setSearch] = useState<FactsSearch>({});
  const [stating, setStating] = useState(false);
  return (
    <>
      <StatementsCard current={currentProject} mayWrite={mayWrite} onState={() => setStating(true)} />
      <EndpointsCard organization={currentProject.organization.id} search={search} onSearch={setSearch} />
      {stating && <StateFactsDialog current={currentProject} onClose={() => setStating(false)} />}
    </>
  );
}

async function open(scenario: Scenario, page = <Page />) {
  const server = startMockServer(scenario);
  await refreshSession();
  renderPage(page);
  return { ...server, user: userEvent.setup() };
}

test("an endpoint shows each fact with its evidence, and what is not known as not known", async () => {
  const { user } = await open("busy");
  const endpoints = within(await screen.findByRole("region", { name: "Endpoints" }));
  const summary = await endpoints.findByText("mistral");
  expect(endpoints.getByText("7 of 13 known")).toBeTruthy();
  await user.click(summary);
  const table = within(
    await endpoints.findByRole("table", { name: "Facts of mistral-small-latest at mistral" }),
  );
  expect(table.getByText("keeps nothing")).toBeTruthy();
  expect(table.getAllByText("Not known")).toHaveLength(6);
  expect(table.getAllByText(/contract MI-2231/)).toHaveLength(4);
  expect(table.getAllByRole("link")[0]?.getAttribute("rel")).toBe("noreferrer");
});

test("endpoints are found by a part of the model's name, and nothing found can be cleared", async () => {
  const { user } = await open("busy");
  const field = await screen.findByLabelText("Model contains");
  await user.type(field, "llama{Enter}");
  expect(await screen.findByText("1 model")).toBeTruthy();
  await user.clear(field);
  await user.type(field, "no-such{Enter}");
  await user.click(await screen.findByRole("button", { name: "Clear filters" }));
  expect(await screen.findByText("3 models")).toBeTruthy();
});

test("facts are stated with evidence, and a refused one is told at its field", async () => {
  const { user, world } = await open("empty");
  await user.click(await screen.findByRole("button", { name: "State facts" }));
  const form = within(await screen.findByRole("dialog"));
  await form.findByRole("option", { name: "OpenAI" });
  await user.selectOptions(form.getByLabelText("Provider"), "OpenAI");
  await user.type(form.getByLabelText(/^Processed in/), "Europe");
  await user.selectOptions(form.getByLabelText("Trains on prompts or answers"), "no");
  await user.type(form.getByLabelText("Evidence"), "contract 4711 of 2026");
  await user.click(form.getByRole("button", { name: "State facts" }));
  expect(await form.findByText("No country has the code Europe.")).toBeTruthy();
  await user.clear(form.getByLabelText(/^Processed in/));
  await user.type(form.getByLabelText(/^Processed in/), "EU");
  await user.click(form.getByRole("button", { name: "State facts" }));
  expect(await screen.findByText("The statement counts within seconds.")).toBeTruthy();
  expect(world.statements[0]).toMatchObject({
    about: { provider: "openai", connection: null, model: null },
    facts: { processing: "EU", trains: false, retention_days: null },
    evidence: "contract 4711 of 2026",
  });
  expect(await screen.findByText("Processed in: EU")).toBeTruthy();
});

test("a statement is withdrawn, and the endpoint no longer knows it", async () => {
  const { user, world } = await open("busy");
  await user.click(
    await screen.findByRole("button", { name: "Withdraw what is stated about provider mistral" }),
  );
  await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Withdraw" }));
  expect(await screen.findByText("The statement is withdrawn.")).toBeTruthy();
  expect(world.statements).toHaveLength(0);
  expect(await screen.findByText("Nothing stated yet")).toBeTruthy();
  expect(screen.queryByText("7 of 13 known")).toBeNull();
});

test("who is no owner states and withdraws nothing", async () => {
  await open("viewer", <Page mayWrite={false} />);
  expect(await screen.findByText("provider mistral")).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Withdraw/ })).toBeNull();
});
