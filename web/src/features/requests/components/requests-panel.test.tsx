import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario } from "@/testing/world";
import type { RequestsSearch } from "../lib/filters";
import { RequestsPanel } from "./requests-panel";

function Page({ start }: { start: RequestsSearch }) {
  const [search, setSearch] = useState(start);
  return (
    <RequestsPanel
      project="prj_1"
      search={search}
      onSearch={setSearch}
      firstStep={<a href="/quickstart">Start</a>}
    />
  );
}

async function open(scenario: Scenario, start: RequestsSearch = {}) {
  const server = startMockServer(scenario);
  await refreshSession();
  renderPage(<Page start={start} />);
  return { ...server, user: userEvent.setup() };
}

test("choosing errors leaves only errors, and clearing brings the rest back", async () => {
  const { user } = await open("busy", { range: "7d" });
  await screen.findByRole("table", { name: "Requests" });
  await user.click(screen.getByRole("radio", { name: "Errors" }));
  await user.click(await screen.findByRole("button", { name: "Clear filters" }));
  expect(screen.getByRole("radio", { name: "All" })).toHaveProperty("checked", true);
});

test("an open request shows its attempts, and next follows the list", async () => {
  const { user, world } = await open("busy", {});
  const [first, second] = world.requests;
  if (!first || !second) throw new Error("the busy world has requests");
  await screen.findByRole("table", { name: "Requests" });
  renderPage(<Page start={{ request: first.id }} />);
  const sheet = within(await screen.findByRole("dialog", { name: "Request" }));
  expect(await sheet.findByText(first.id)).toBeTruthy();
  expect(sheet.getByRole("heading", { name: "Attempts" })).toBeTruthy();
  await user.click(await sheet.findByRole("button", { name: "Next request" }));
  expect(await sheet.findByText(second.id)).toBeTruthy();
});

test("an open request shows what it could have gone to, and what spoke against the rest", async () => {
  const { world } = await open("busy", {});
  const served = world.requests.find(({ outcome }) => outcome === "served");
  if (!served) throw new Error("the busy world has served requests");
  renderPage(<Page start={{ request: served.id }} />);
  const sheet = within(await screen.findByRole("dialog", { name: "Request" }));
  const candidates = within(await sheet.findByRole("list", { name: "Candidates" }));
  expect(candidates.getByText("served")).toBeTruthy();
  expect(candidates.getByText(/out of its rate · score 0\.904: latency 0\.900, cost 0\.004/)).toBeTruthy();
  expect(candidates.getByText("price above what is allowed (a constraint of the project)")).toBeTruthy();
});

test("a request that was refused at once has no decision", async () => {
  const { world } = await open("busy", {});
  const refused = world.requests[0];
  if (!refused) throw new Error("the busy world has requests");
  refused.attempts = [];
  renderPage(<Page start={{ request: refused.id }} />);
  expect(await screen.findByText("It was refused before anything was decided.")).toBeTruthy();
});

test("a project without traffic points to the first call", async () => {
  await open("empty");
  expect(await screen.findByText("No requests in this time")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Start" })).toBeTruthy();
});

test("filters that match nothing can be cleared", async () => {
  const { user } = await open("busy", { model: "no/such" });
  expect(await screen.findByText("No requests match")).toBeTruthy();
  const [button] = screen.getAllByRole("button", { name: "Clear filters" });
  if (button) await user.click(button);
  expect(await screen.findByRole("table", { name: "Requests" })).toBeTruthy();
});
