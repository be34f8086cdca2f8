import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario } from "@/testing/world";
import { isStale, pushSnippet, signalValue } from "../lib/signal-words";
import { SignalsCard } from "./signals-card";

async function open(scenario: Scenario, mayWrite = true) {
  const server = startMockServer(scenario);
  await refreshSession();
  renderPage(<SignalsCard project={currentProject.id} mayWrite={mayWrite} />);
  return { ...server, user: userEvent.setup() };
}

function row(name: string): HTMLElement {
  const found = screen.getByText(name).closest("tr");
  if (!found) throw new Error(`there is no row for ${name}`);
  return found;
}

test("each signal has its value, its age, and whether it still counts", async () => {
  await open("busy");
  await screen.findByText("load");
  expect(row("load").textContent).toContain("0.92");
  expect(within(row("load")).getByText("Fresh")).toBeTruthy();
  expect(within(row("incident")).getByText("Stale")).toBeTruthy();
  expect(row("incident").textContent).toContain("2 hours ago");
  expect(row("tier").textContent).toContain('"gold"');
});

test("a signal is deleted", async () => {
  const { user, world } = await open("busy");
  await user.click(await screen.findByRole("button", { name: "Delete signal incident" }));
  await user.click(await screen.findByRole("button", { name: "Delete signal" }));
  expect(await screen.findByText("The signal “incident” is deleted.")).toBeTruthy();
  expect(world.signals.map(({ name }) => name)).toEqual(["load", "tier"]);
});

test("without signals it says how to push one, to viewers too", async () => {
  await open("empty", false);
  expect(await screen.findByText("No signals yet")).toBeTruthy();
  expect(screen.getByRole("region", { name: "Push a signal", hidden: true }).textContent).toContain(
    `/api/v1/projects/${currentProject.id}/signals/load`,
  );
});

test("a signal is stale from the moment it names, and no secret stands in the call", () => {
  const signal = {
    name: "x",
    value: true,
    pushed_at: "2026-11-27T11:00:00Z",
    good_until: "2026-11-27T12:00:00Z",
  };
  const until = Date.parse(signal.good_until);
  expect([isStale(signal, until - 1), isStale(signal, until)]).toEqual([false, true]);
  expect(signalValue(signal)).toBe("true");
  expect(pushSnippet("https://gate.example", "prj_1")).toContain("Bearer $SLUICEGATE_MANAGEMENT_KEY");
});
