import { EditorView } from "@codemirror/view";
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { beforeEach, expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario, World } from "@/testing/world";
import type { DraftSearch } from "../lib/draft-search";
import { DraftDetail } from "./draft-detail";
import { DraftsCard } from "./drafts-card";
import { NewRoute } from "./new-route";
import { RouteDetail } from "./route-detail";

beforeEach(() => localStorage.clear());

async function open(page: React.ReactNode, scenario: Scenario = "busy") {
  const server = startMockServer(scenario);
  await refreshSession();
  const { unmount } = renderPage(page);
  return { ...server, unmount, user: userEvent.setup() };
}

interface DraftProps {
  route?: string;
  initial?: DraftSearch;
  refusal?: string | null;
}

function Draft({ route = "rt_support", initial = {}, refusal = null }: DraftProps) {
  const [search, setSearch] = useState(initial);
  const [ended, setEnded] = useState("");
  if (ended) return <p>{ended}</p>;
  return (
    <DraftDetail
      current={currentProject}
      route={route}
      refusal={refusal}
      search={search}
      onSearch={setSearch}
      onPublished={({ version }) => setEnded(`published ${version}`)}
      onDiscarded={(isPublished) => setEnded(`discarded, ${isPublished ? "published" : "gone"}`)}
    />
  );
}

async function write(change: (text: string) => string): Promise<string> {
  const view = EditorView.findFromDOM(await screen.findByRole("textbox", { name: /Route document/ }));
  if (!view) throw new Error("there is no editor");
  const { doc } = view.state;
  const next = change(doc.toString());
  act(() => view.dispatch({ changes: { from: 0, to: doc.length, insert: next } }));
  return next;
}

/** Somebody publishes another version of the route that the draft is of. */
function publishOver(world: World) {
  const [newest] = world.routeVersions;
  const [route] = world.routes;
  if (!newest || !route) throw new Error("there is no route");
  world.routeVersions.unshift({ ...newest, version: 4, aliases: ["theirs"] });
  world.routes[0] = { ...route, version: 4, aliases: ["theirs"] };
}

test("the drafts of a project are listed with what they are based on", async () => {
  await open(<DraftsCard current={currentProject} />);
  const table = within(await screen.findByRole("table", { name: "Drafts" }));
  const row = table.getByRole("link", { name: "support" }).closest("tr");
  expect(row?.textContent).toContain("version 3");
  expect(await within(row as HTMLElement).findByText(/by Ada Byron/)).toBeTruthy();
  expect(table.getByRole("link", { name: "nightly" }).closest("tr")?.textContent).toContain("a new route");
});

test("a new route is kept as a draft, with its comments, and nothing is published", async () => {
  let drafted = "";
  const { user, world, unmount } = await open(
    <NewRoute
      project={currentProject.id}
      example="echo"
      onCreated={() => {}}
      onDrafted={(route) => {
        drafted = route;
      }}
    />,
    "empty",
  );
  const text = await write((before) => `# for the demo\n${before}`);
  await user.click(screen.getByRole("button", { name: "Save as draft" }));
  await waitFor(() => expect(world.drafts).toHaveLength(1));
  expect(world.routes).toHaveLength(0);
  await waitFor(() => expect(drafted).toBe(world.drafts[0]?.id));
  unmount();
  renderPage(<Draft route={drafted} />);
  expect(await write((before) => before)).toBe(text);
});

test("the text of a published route is kept as a draft of it, which the route then leads to", async () => {
  let drafted = false;
  const { user, world } = await open(
    <RouteDetail
      current={currentProject}
      route="rt_cheap"
      refusal={null}
      search={{ tab: "edit" }}
      onSearch={() => {}}
      onDeleted={() => {}}
      onDrafted={() => {
        drafted = true;
      }}
      keys={null}
    />,
  );
  await write((text) => text.replace("strategy: cheapest", "strategy: fastest"));
  await user.click(screen.getByRole("button", { name: "Save as draft" }));
  await waitFor(() => expect(drafted).toBe(true));
  expect(world.drafts[0]).toMatchObject({ id: "rt_cheap", base: 1 });
  expect(world.routes.find(({ id }) => id === "rt_cheap")?.version).toBe(1);
  expect(await screen.findByRole("link", { name: "Open the draft" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Save as draft" })).toBeNull();
});

test("the page of a route that has only a draft leads to it", async () => {
  let drafted = false;
  const { user } = await open(
    <RouteDetail
      current={currentProject}
      route="rt_nightly"
      refusal={null}
      search={{}}
      onSearch={() => {}}
      onDeleted={() => {}}
      onDrafted={() => {
        drafted = true;
      }}
      keys={null}
    />,
  );
  expect(await screen.findByText("Not published yet")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Open the draft" }));
  expect(drafted).toBe(true);
});

test("a draft is checked while it is typed, saved, and published with its reason", async () => {
  const { user, world } = await open(<Draft />);
  await write((text) => text.replace("request.input_tokens", "request.tokns"));
  expect(await screen.findByRole("button", { name: "line 5" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Save draft" }));
  expect(await screen.findByText("The draft is saved. Nothing is published.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Publish…" }));
  let dialog = within(await screen.findByRole("dialog", { name: "Publish support as version 4" }));
  expect(dialog.getByText(/It cannot be published as it is/)).toBeTruthy();
  expect(dialog.getByText("/rules/0/when")).toBeTruthy();
  expect(dialog.getByRole("button", { name: "Publish version 4" })).toHaveProperty("disabled", true);
  await user.click(dialog.getByRole("button", { name: "Cancel" }));

  // What is not saved yet is saved before it is published.
  await write((text) => text.replace("request.tokns", "request.input_tokens"));
  await user.click(screen.getByRole("button", { name: "Publish…" }));
  dialog = within(await screen.findByRole("dialog", { name: "Publish support as version 4" }));
  await user.type(dialog.getByLabelText("Why"), "Cheaper every day.");
  await user.click(dialog.getByRole("button", { name: "Publish version 4" }));
  expect(await screen.findByText("published 4")).toBeTruthy();
  expect(world.routeVersions[0]).toMatchObject({ version: 4, message: "Cheaper every day." });
  expect(world.drafts.some(({ id }) => id === "rt_support")).toBe(false);
});

test("what a draft changes is shown against what is published", async () => {
  const { user } = await open(<Draft initial={{ tab: "changes" }} />);
  const diff = within(await screen.findByRole("region", { name: "Changes of the draft" }));
  expect(diff.getByText(/name: offline/)).toBeTruthy();
  expect(diff.getByText(/name: busy-hours/)).toBeTruthy();
  // A text that is not saved is not lost while its changes are looked at.
  await user.click(screen.getByRole("tab", { name: "Document" }));
  await write((text) => `${text}# mine\n`);
  await user.click(screen.getByRole("tab", { name: "Changes" }));
  expect(await screen.findByText("# mine")).toBeTruthy();
});

test("a draft that is behind says what changed, and is published once it takes that over", async () => {
  const { user, world } = await open(<Draft />);
  await screen.findByRole("button", { name: "Save draft" });
  publishOver(world);
  await user.click(screen.getByRole("button", { name: "Publish…" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.type(dialog.getByLabelText("Why"), "Now.");
  await user.click(dialog.getByRole("button", { name: /^Publish version/ }));
  expect(await dialog.findByText(/Another version was published/)).toBeTruthy();
  await user.click(dialog.getByRole("button", { name: "Cancel" }));
  const theirs = within(await screen.findByRole("region", { name: "Changes since version 3" }));
  expect(theirs.getByText(/\[theirs\]/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "It takes over version 4" }));
  await waitFor(() => expect(world.drafts.find(({ id }) => id === "rt_support")?.base).toBe(4));
  await waitFor(() => expect(screen.queryByText(/Version 4 was published since/)).toBeNull());
});

test("a draft of somebody else is not overwritten", async () => {
  const { user, world } = await open(<Draft />);
  await write((text) => `${text}# mine\n`);
  world.revisions.set("rt_support draft", 7);
  await user.click(screen.getByRole("button", { name: "Save draft" }));
  expect(await screen.findByText(/Somebody wrote the draft since you opened it/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Keep my text" }));
  await user.click(screen.getByRole("button", { name: "Save draft" }));
  expect(await screen.findByText("The draft is saved. Nothing is published.")).toBeTruthy();
});

test("a route that is not published has nothing to compare with, and goes with its draft", async () => {
  const { user, world } = await open(<Draft route="rt_nightly" initial={{ tab: "simulation" }} />);
  expect(await screen.findByText("Nothing to compare with yet")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Discard…" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByText(/goes with its draft/)).toBeTruthy();
  await user.click(dialog.getByRole("button", { name: "Discard draft" }));
  expect(await screen.findByText("discarded, gone")).toBeTruthy();
  expect(world.drafts.map(({ id }) => id)).toEqual(["rt_support"]);
});

test("who may only read sees what a draft changes, and no way to change it", async () => {
  await open(<Draft refusal="Needs the developer role." />, "viewer");
  expect(await screen.findByRole("region", { name: "Changes of the draft" })).toBeTruthy();
  expect(screen.queryByRole("tab", { name: "Document" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Publish…" })).toBeNull();
});

test("a draft that is gone says so", async () => {
  await open(<Draft route="rt_cheap" />);
  expect(await screen.findByText("There is no draft here")).toBeTruthy();
});
