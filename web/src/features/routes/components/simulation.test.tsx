import { EditorView } from "@codemirror/view";
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { DraftSearch } from "../lib/draft-search";
import { DraftDetail } from "./draft-detail";

async function open() {
  const server = startMockServer("busy");
  await refreshSession();
  renderPage(<Draft />);
  return { ...server, user: userEvent.setup() };
}

function Draft() {
  const [search, setSearch] = useState<DraftSearch>({ tab: "simulation" });
  return (
    <DraftDetail
      current={currentProject}
      route="rt_support"
      refusal={null}
      search={search}
      onSearch={setSearch}
      onPublished={() => {}}
      onDiscarded={() => {}}
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

test("a simulation tells numbers, what it could not decide, and each difference page by page", async () => {
  const { user, calls } = await open();
  await user.click(await screen.findByRole("button", { name: "Simulate" }));
  const result = within(await screen.findByRole("region", { name: "Result" }));
  expect(result.getByText(/369 of 412 requests were decided again/)).toBeTruthy();
  expect(result.getByText("−$0.542")).toBeTruthy();
  expect(screen.getByText(/asks for signal\("load"\)/)).toBeTruthy();
  expect(screen.getByText("nothing came to it")).toBeTruthy();
  expect(screen.getByRole("figure", { name: "Requests by endpoint" })).toBeTruthy();
  await user.click(screen.getByRole("radio", { name: "Table" }));
  expect(screen.getByRole("table", { name: "Where requests go first" }).textContent).toContain("not known");

  const table = screen.getByRole("table", { name: "Requests that go elsewhere" });
  expect(within(table).getAllByRole("row")).toHaveLength(51);
  await user.click(screen.getByRole("button", { name: "Load more" }));
  expect(await screen.findByText("64 of 64, newest first")).toBeTruthy();
  expect(within(table).getAllByRole("row")).toHaveLength(65);
  expect(screen.queryByRole("button", { name: "Load more" })).toBeNull();
  expect(calls.filter((call) => call.endsWith("/simulations"))).toHaveLength(2);
});

test("an answer about another draft than the one in the editor says so", async () => {
  const { user } = await open();
  await user.click(await screen.findByRole("button", { name: "Simulate" }));
  await screen.findByRole("region", { name: "Result" });
  await user.click(screen.getByRole("tab", { name: "Document" }));
  await write((text) => `${text}# mine\n`);
  await user.click(screen.getByRole("tab", { name: "Simulation" }));
  expect(await screen.findByText(/The draft has changed since/)).toBeTruthy();
  // Asking again saves the text and is about it.
  await user.click(screen.getByRole("button", { name: "Simulate" }));
  await waitFor(() => expect(screen.queryByText(/The draft has changed since/)).toBeNull());
});

test("a draft that could not be published is not simulated, and says where it is wrong", async () => {
  const { user } = await open();
  await user.click(await screen.findByRole("tab", { name: "Document" }));
  await write((text) => text.replace("request.input_tokens", "request.tokns"));
  await user.click(screen.getByRole("tab", { name: "Simulation" }));
  await user.click(screen.getByRole("button", { name: "Simulate" }));
  expect(await screen.findByText("The draft could not be simulated:")).toBeTruthy();
  expect(screen.getByText("/rules/0/when")).toBeTruthy();
});
