import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import { ProjectSettings } from "./project-settings";

async function open(mayWrite = true) {
  const server = startMockServer("busy");
  await refreshSession();
  renderPage(<ProjectSettings project={currentProject.id} mayWrite={mayWrite} />);
  return { ...server, user: userEvent.setup() };
}

test("a project tells used-up money as OpenAI tells it, once that is chosen", async () => {
  const { user, world } = await open();
  expect(await screen.findByRole("radio", { name: "402 Payment Required" })).toHaveProperty("checked", true);
  expect(screen.getByRole("button", { name: "Save" })).toHaveProperty("disabled", true);
  await user.click(screen.getByRole("radio", { name: "429 insufficient_quota" }));
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText(/The settings are saved/)).toBeTruthy();
  expect(world.budgetRefusals.get(currentProject.id)).toBe("insufficient_quota");
  await waitFor(() =>
    expect(screen.getByRole("radio", { name: "429 insufficient_quota" })).toHaveProperty("checked", true),
  );
});

test("a change of somebody else is not written over", async () => {
  const { user, world } = await open();
  await user.click(await screen.findByRole("radio", { name: "429 insufficient_quota" }));
  world.revisions.set(currentProject.id, 9);
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText(/Somebody changed it since you opened it/)).toBeTruthy();
  expect(world.budgetRefusals.size).toBe(0);
  await user.click(screen.getByRole("button", { name: "Load it as it is now" }));
  expect(await screen.findByRole("radio", { name: "402 Payment Required" })).toHaveProperty("checked", true);
});

test("who may only read sees the settings and cannot save", async () => {
  await open(false);
  expect(await screen.findByLabelText("Name")).toHaveProperty("disabled", false);
  expect(screen.getByLabelText("Name").closest("fieldset")).toHaveProperty("disabled", true);
  expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
});
