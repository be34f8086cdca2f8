import { EditorView } from "@codemirror/view";
import { act, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario } from "@/testing/world";
import type { RouteSearch } from "../lib/routes-search";
import { NewRoute } from "./new-route";
import { RouteDetail } from "./route-detail";
import { RoutesPanel } from "./routes-panel";

async function open(scenario: Scenario, page: React.ReactNode) {
  const server = startMockServer(scenario);
  await refreshSession();
  renderPage(page);
  return { ...server, user: userEvent.setup() };
}

function Detail({ initial = {}, refusal = null }: { initial?: RouteSearch; refusal?: string | null }) {
  const [search, setSearch] = useState(initial);
  const [deleted, setDeleted] = useState(false);
  if (deleted) return <p>gone</p>;
  return (
    <RouteDetail
      current={currentProject}
      route="rt_support"
      refusal={refusal}
      search={search}
      onSearch={setSearch}
      onDeleted={() => setDeleted(true)}
      onDrafted={() => {}}
      keys={null}
    />
  );
}

async function editor(): Promise<EditorView> {
  const box = await screen.findByRole("textbox", { name: /Route document/ });
  const view = EditorView.findFromDOM(box);
  if (!view) throw new Error("there is no editor");
  return view;
}

async function write(change: (text: string) => string): Promise<void> {
  const view = await editor();
  const { doc } = view.state;
  act(() => view.dispatch({ changes: { from: 0, to: doc.length, insert: change(doc.toString()) } }));
}

test("the list says what each route does, its version, and who published it when", async () => {
  await open("busy", <RoutesPanel current={currentProject} firstStep={null} />);
  const link = await screen.findByRole("link", { name: "support" });
  const row = link.closest("tr");
  expect(row?.textContent).toContain("Ordered, Cheapest within 1.5 s, Weighted");
  expect(row?.textContent).toContain("5 models");
  expect(await within(row as HTMLElement).findByText(/12 days ago.*/)).toBeTruthy();
  expect(await within(row as HTMLElement).findByText(/by Ada Byron/)).toBeTruthy();
});

test("a project without routes learns what a route is", async () => {
  await open(
    "empty",
    <RoutesPanel current={currentProject} firstStep={<button type="button">Begin</button>} />,
  );
  expect(await screen.findByText("No routes yet")).toBeTruthy();
  expect(screen.getByText("route/support")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Begin" })).toBeTruthy();
});

test("the summary tells rules in order, with conditions, demands, connections and retries", async () => {
  await open("busy", <Detail />);
  const second = within(await screen.findByRole("region", { name: "Rule 2, busy-hours" }));
  expect(second.getByText(/signal\("load"/)).toBeTruthy();
  expect(await second.findByText(/only over lab-vllm/)).toBeTruthy();
  const first = within(screen.getByRole("region", { name: "Rule 1, long-prompts" }));
  expect(first.getByText(/nobody trains/)).toBeTruthy();
  expect(screen.getByText("weight 9, 90 %")).toBeTruthy();
  expect(screen.getAllByText(/At most 3 attempts/)).toHaveLength(3);
});

test("a mistake is told at its line while somebody types, and publishing waits for nothing", async () => {
  const { user, world } = await open(
    "empty",
    <NewRoute project="p" example="echo" onCreated={() => {}} onDrafted={() => {}} />,
  );
  expect(await screen.findByText("Can be published")).toBeTruthy();
  await write((text) => `${text}rulez: []\n`);
  expect(await screen.findByText("There is no field `rulez`.")).toBeTruthy();
  expect(screen.getByText("Cannot be published: 1 error")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "line 5" }));
  const view = await editor();
  expect(view.state.doc.lineAt(view.state.selection.main.head).number).toBe(5);
  await user.click(screen.getByRole("button", { name: "Publish version 1" }));
  expect(await screen.findByText(/Nothing was published/)).toBeTruthy();
  expect(world.routes).toHaveLength(0);
});

test("an example is put into the editor and published", async () => {
  let created = "";
  const { user, world } = await open(
    "empty",
    <NewRoute
      project="p"
      example={undefined}
      onCreated={({ slug }) => {
        created = slug;
      }}
      onDrafted={() => {}}
    />,
  );
  await editor();
  await user.selectOptions(screen.getByLabelText("Example"), "Coding agent");
  await user.click(screen.getByRole("button", { name: "Put it in the editor" }));
  expect(await screen.findByText(/Can be published, with \d warnings/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Publish version 1" }));
  await screen.findByText(/Can be published/);
  await expect.poll(() => created).toBe("coding");
  expect(world.routes[0]).toMatchObject({ slug: "coding", aliases: ["claude-coding"] });
  expect(world.routes[0]?.rules).toHaveLength(3);
});

test("a change is published as the next version, and what was deleted from the text is gone", async () => {
  const { user, world } = await open("busy", <Detail initial={{ tab: "edit" }} />);
  await write((text) => text.replace("aliases: [gpt-support]\n", "").replace("100000", "200000"));
  await user.click(screen.getByRole("button", { name: "Publish version 4" }));
  expect(await screen.findByText(/Version 4 is published/)).toBeTruthy();
  expect(world.routes[0]).toMatchObject({ version: 4, aliases: [] });
  expect(world.routes[0]?.rules[0]?.when).toBe("request.input_tokens > 200000");
});

test("a version of somebody else is not overwritten, and shown beside one's own text", async () => {
  const { user, world } = await open("busy", <Detail initial={{ tab: "edit" }} />);
  await write((text) => text.replace("100000", "200000"));
  const theirs = world.routes[0];
  if (!theirs) throw new Error("there is no route");
  world.routes[0] = { ...theirs, version: 4, aliases: ["theirs"] };
  await user.click(screen.getByRole("button", { name: "Publish version 4" }));
  expect(await screen.findByText(/Somebody published version 4 since you opened version 3/)).toBeTruthy();
  expect(within(screen.getByRole("region", { name: "Their changes" })).getByText(/\[theirs\]/)).toBeTruthy();
  expect((await editor()).state.doc.toString()).toContain("200000");
  expect(world.routes[0].version).toBe(4);

  await user.click(screen.getByRole("button", { name: "Keep my text" }));
  await user.click(await screen.findByRole("button", { name: "Publish version 5" }));
  expect(await screen.findByText(/Version 5 is published/)).toBeTruthy();
  expect(world.routes[0]).toMatchObject({ aliases: ["gpt-support"] });
});

test("two versions are compared line by line", async () => {
  const { user } = await open("busy", <Detail initial={{ tab: "versions" }} />);
  const diff = within(await screen.findByRole("region", { name: "Changes from version 2 to version 3" }));
  expect(diff.getAllByText(/added:/).length).toBeGreaterThan(3);
  expect(diff.queryByText(/removed:/)).toBeNull();
  await user.selectOptions(screen.getByLabelText("From version"), "1");
  const wide = within(await screen.findByRole("region", { name: "Changes from version 1 to version 3" }));
  expect(wide.getAllByText(/removed:/).length).toBeGreaterThan(0);
  expect(screen.getByText("rules busy-hours")).toBeTruthy();
  expect(screen.getByText("a management key")).toBeTruthy();
});

test("an older version is published again after a look at what that changes", async () => {
  const { user, world } = await open("busy", <Detail initial={{ tab: "versions" }} />);
  expect(await screen.findByText("Spare the busy hours.")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Roll back to version 3" })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Roll back to version 2" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Roll support back to version 2" }));
  expect(dialog.getByRole("region", { name: /Changes from version 3 back to version 2/ })).toBeTruthy();
  await user.type(dialog.getByLabelText(/Why/), "Version 3 was slow.");
  await user.click(dialog.getByRole("button", { name: "Roll back to version 2" }));
  expect(await screen.findByText("Version 2 is published again, as version 4.")).toBeTruthy();
  expect(world.routeVersions[0]).toMatchObject({ version: 4, restores: 2, message: "Version 3 was slow." });
  expect(await screen.findByText("version 2 again")).toBeTruthy();
});

test("a rollback takes back only the version that was looked at", async () => {
  const { user, world } = await open("busy", <Detail initial={{ tab: "versions" }} />);
  await user.click(await screen.findByRole("button", { name: "Roll back to version 1" }));
  const theirs = world.routes[0];
  if (!theirs) throw new Error("there is no route");
  world.routes[0] = { ...theirs, version: 4 };
  await user.click(screen.getByRole("button", { name: "Roll back to version 1" }));
  expect(await screen.findByText(/Somebody published another version/)).toBeTruthy();
  expect(world.routes[0]?.version).toBe(4);
});

test("a route is deleted once its name is typed", async () => {
  const { user, world } = await open("busy", <Detail />);
  await user.click(await screen.findByRole("button", { name: "Delete" }));
  const form = within(await screen.findByRole("dialog"));
  expect(form.getByRole("button", { name: "Delete route" })).toHaveProperty("disabled", true);
  await user.type(form.getByLabelText("Type support to confirm"), "support");
  await user.click(form.getByRole("button", { name: "Delete route" }));
  expect(await screen.findByText("gone")).toBeTruthy();
  expect(world.routes.some(({ slug }) => slug === "support")).toBe(false);
});

test("who may only read has neither editor nor deletion", async () => {
  await open("viewer", <Detail refusal="Needs the developer role." initial={{ tab: "edit" }} />);
  expect(await screen.findByRole("tab", { name: "Summary" })).toBeTruthy();
  expect(screen.queryByRole("tab", { name: "Edit" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Delete" })).toBeNull();
});
