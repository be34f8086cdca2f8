import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { RouteSearch } from "../lib/routes-search";
import { DraftDetail } from "./draft-detail";
import { RouteDetail } from "./route-detail";
import { RoutesPanel } from "./routes-panel";

interface Page {
  route: string;
  refusal?: string | null;
  search?: RouteSearch;
}

async function open({ route, refusal = null, search = {} }: Page) {
  const server = startMockServer("busy");
  await refreshSession();
  renderPage(
    <RouteDetail
      current={currentProject}
      route={route}
      refusal={refusal}
      search={search}
      onSearch={() => {}}
      onDeleted={() => {}}
      onDrafted={() => {}}
      keys={null}
    />,
  );
  const panel = within(await screen.findByRole("region", { name: "Rollout" }));
  await panel.findByRole("heading", { name: /Rollout of version 2/ });
  return { ...server, panel, user: userEvent.setup() };
}

test("the list of routes tells which version is beside the published one", async () => {
  startMockServer("busy");
  await refreshSession();
  renderPage(<RoutesPanel current={currentProject} firstStep={null} />);
  const row = async (name: string) => (await screen.findByRole("link", { name })).closest("tr")?.textContent;
  expect(await row("triage")).toContain("1 2 at 25 %");
  expect(await row("extract")).toContain("1 2 halted");
});

test("a rollout is shown with its stage, both versions, and how its figures are cut", async () => {
  const { panel, user } = await open({ route: "rt_triage" });
  expect(panel.getByText("25 %").closest("li")?.getAttribute("aria-current")).toBe("step");
  expect(panel.getByRole("status").textContent).toContain("serves 25 of 100 conversations");
  expect(panel.getByText(/those of the newest 50,000/)).toBeTruthy();
  await user.click(panel.getByRole("radio", { name: "Table" }));
  const errors = panel.getByText("Failed requests").closest("tr");
  expect(errors?.textContent).toContain("1.1 %");
  expect(errors?.textContent).toContain("2 points more");
});

test("it is advanced and halted at once, and the focus stays on it", async () => {
  const { panel, user, world } = await open({ route: "rt_triage" });
  await user.click(panel.getByRole("button", { name: "Advance to 50 %" }));
  expect(await panel.findByText(/serves 50 of 100 conversations/)).toBeTruthy();
  expect(document.activeElement?.textContent).toContain("Rollout of version 2");
  expect(panel.queryByRole("button", { name: /^Advance/ })).toBeNull();
  await user.click(panel.getByRole("button", { name: "Halt" }));
  expect(await panel.findByText("Somebody halted it.")).toBeTruthy();
  expect(world.routes.find(({ id }) => id === "rt_triage")?.rollout?.state).toBe("halted");
});

test("a halted one says why, and is resumed only after a question", async () => {
  const { panel, user, world } = await open({ route: "rt_extract" });
  expect(panel.getByText(/36.7 % of its requests failed/)).toBeTruthy();
  await user.click(panel.getByRole("button", { name: "Resume at 5 %…" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByText(/compared anew/)).toBeTruthy();
  expect(world.rollouts.find(({ route }) => route === "rt_extract")?.state).toBe("halted");
  await user.click(dialog.getByRole("button", { name: "Resume at 5 %" }));
  expect(await panel.findByText(/No verdict yet/)).toBeTruthy();
});

test("whoever watches sees how it ends, and which version is published then", async () => {
  const { panel, user } = await open({ route: "rt_triage" });
  await user.click(panel.getByRole("button", { name: "Complete…" }));
  await user.click(await screen.findByRole("button", { name: "Publish version 2" }));
  expect(await panel.findByText(/is the published one/)).toBeTruthy();
  await waitFor(() => expect(screen.getByText(/Version 2, published/)).toBeTruthy());
  expect(panel.queryByRole("button", { name: /…$/ })).toBeNull();
});

test("the list of versions tells which is rolled out and which was given up, and its number is used up", async () => {
  const { panel, user } = await open({ route: "rt_triage", search: { tab: "versions" } });
  const versions = within(await screen.findByRole("table", { name: "Versions" }));
  const rows = () => versions.getAllByRole("row").map(({ textContent }) => textContent);
  expect(rows()[1]).toMatch(/^2Rolling out/);
  expect(rows()[2]).toMatch(/^1Published/);
  await user.click(panel.getByRole("button", { name: "Abort…" }));
  await user.click(await screen.findByRole("button", { name: "Abort rollout" }));
  expect(await versions.findByText("Given up")).toBeTruthy();
  expect(versions.queryByRole("button", { name: /Roll back/ })).toBeNull();
});

test("after a rollout that was given up, the editor publishes the number after it", async () => {
  const { panel, user } = await open({ route: "rt_triage", search: { tab: "edit" } });
  await user.click(panel.getByRole("button", { name: "Abort…" }));
  await user.click(await screen.findByRole("button", { name: "Abort rollout" }));
  expect(await screen.findByRole("button", { name: "Publish version 3" })).toBeTruthy();
});

test("a step on what somebody else moved on does nothing and shows how it stands", async () => {
  const { panel, user, world } = await open({ route: "rt_triage" });
  await user.click(panel.getByRole("button", { name: "Abort…" }));
  const dialog = within(await screen.findByRole("dialog"));
  act(() => {
    world.revisions.set("rt_triage rollout", 9);
  });
  await user.click(dialog.getByRole("button", { name: "Abort rollout" }));
  expect(await dialog.findByText(/nothing was done/)).toBeTruthy();
  expect(world.rollouts.find(({ route }) => route === "rt_triage")?.state).toBe("progressing");
});

test("who may only read sees a rollout and no way to steer it", async () => {
  const { panel } = await open({ route: "rt_triage", refusal: "Needs the developer role." });
  expect(panel.getByText("812 ms")).toBeTruthy();
  expect(panel.queryByRole("button")).toBeNull();
});

test("a draft is rolled out in stages as it says, and not while something cannot be sent", async () => {
  const { world } = startMockServer("busy");
  await refreshSession();
  const user = userEvent.setup();
  let rolledOut: unknown = null;
  renderPage(
    <DraftDetail
      current={currentProject}
      route="rt_support"
      refusal={null}
      search={{}}
      onSearch={() => {}}
      onPublished={({ rollout }) => {
        rolledOut = rollout;
      }}
      onDiscarded={() => {}}
    />,
  );
  await user.click(await screen.findByRole("button", { name: "Publish…" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.type(dialog.getByLabelText("Why"), "Step by step.");
  await user.click(dialog.getByRole("radio", { name: "In stages" }));
  const stages = dialog.getByLabelText("Stages");
  await user.clear(stages);
  await user.type(stages, "50, 5");
  expect(dialog.getByText(/ascending numbers/)).toBeTruthy();
  const button = dialog.getByRole("button", { name: "Roll out version 4" });
  expect(button).toHaveProperty("disabled", true);
  await user.clear(stages);
  await user.type(stages, "10, 50");
  await user.clear(dialog.getByLabelText("Minutes per stage"));
  await user.click(button);
  await waitFor(() => expect(rolledOut).toEqual({ version: 4, state: "progressing", percent: 10 }));
  expect(world.rollouts[0]).toMatchObject({ route: "rt_support", stages: [10, 50], hold_minutes: null });
  expect(world.routes.find(({ id }) => id === "rt_support")?.version).toBe(3);
});
