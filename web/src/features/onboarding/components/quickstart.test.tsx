import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { makeRequest } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import { Quickstart } from "./quickstart";

async function open(refusal: string | null = null) {
  const server = startMockServer("empty");
  await refreshSession();
  renderPage(<Quickstart project="prj_1" refusal={refusal} nextSteps={() => <a href="/next">Next</a>} />);
  return { ...server, user: userEvent.setup() };
}

test("the secret is in the call until it is saved, then nowhere", async () => {
  const { user } = await open();
  const example = await screen.findByRole("region", { name: "curl example" });
  expect(example.textContent).toContain("Bearer sk-sg-…");
  await user.click(screen.getByRole("button", { name: "Create key" }));
  const secret = (await screen.findByLabelText("Key secret")).textContent;
  expect(screen.getByRole("region", { name: "curl example" }).textContent).toContain(secret);
  await user.click(screen.getByRole("button", { name: "I saved it" }));
  expect(document.body.textContent).not.toContain(secret);
});

test("the panel waits, then shows the request with its tokens and exact cost", async () => {
  const { user, world } = await open();
  expect(await screen.findByText("Waiting for your first request…")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Create key" }));
  await screen.findByLabelText("Key secret");
  const key = { id: world.keys[0]?.id ?? "", name: "quickstart" };
  world.requests = [makeRequest({ id: "req_1", started_at: new Date().toISOString(), key })];
  const panel = within(screen.getByRole("region", { name: "First request" }));

  expect(await panel.findByText("Served by sluicegate in 12 ms.", {}, { timeout: 3_000 })).toBeTruthy();
  expect(panel.getByText("$0.000000412")).toBeTruthy();
  expect(panel.getByRole("link", { name: "Next" })).toBeTruthy();
});

test("who comes back sees the latest request until a new key is made", async () => {
  const { user, world } = await open();
  world.requests = [makeRequest({ id: "req_1", started_at: "2026-01-01T00:00:00Z" })];
  const panel = within(await screen.findByRole("region", { name: "First request" }));
  expect(await panel.findByText("Your latest request", {}, { timeout: 3_000 })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Create key" }));
  expect(await screen.findByText("Waiting for your first request…", {}, { timeout: 3_000 })).toBeTruthy();
});

test("a refused request shows too, with what to do about it", async () => {
  const { world } = await open();
  const started_at = new Date(Date.now() + 100).toISOString();
  world.requests = [
    makeRequest({
      id: "req_1",
      started_at,
      status: 404,
      outcome: "refused",
      error_code: "model_not_found",
      attempts: [],
      cost: null,
    }),
  ];
  const panel = within(await screen.findByRole("region", { name: "First request" }));
  expect(
    await panel.findByText(/Refused before any provider was called/, {}, { timeout: 3_000 }),
  ).toBeTruthy();
  expect(panel.getByText(/Try sluicegate\/echo/)).toBeTruthy();
  expect(panel.queryByRole("link", { name: "Next" })).toBeNull();
});

test("who may not make a key is told who can grant it", async () => {
  await open("Needs the developer role. An admin of Northwind can grant it.");
  expect(await screen.findByText(/An admin of Northwind/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Create key" })).toBeNull();
});
