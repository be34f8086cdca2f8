import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import type { Scenario } from "@/testing/world";
import type { BillingSearch } from "../lib/billing-search";
import { BillingPanel } from "./billing-panel";

function Page({ maySeeLedger = true, isAdding = false }: { maySeeLedger?: boolean; isAdding?: boolean }) {
  const [adding, setAdding] = useState(isAdding);
  const [search, setSearch] = useState<BillingSearch>({});
  return (
    <BillingPanel
      current={currentProject}
      maySeeLedger={maySeeLedger}
      adding={adding}
      onAddingChange={setAdding}
      search={search}
      onSearch={setSearch}
    />
  );
}

async function open(scenario: Scenario, page = <Page />) {
  const server = startMockServer(scenario);
  await refreshSession();
  renderPage(page);
  return { ...server, user: userEvent.setup() };
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("the ledger says what moved, signed, and the balance after it", async () => {
  await open("busy");
  const settled = within(await screen.findByRole("row", { name: /312 requests/ }));
  expect(settled.getByText("Settlement")).toBeTruthy();
  expect(settled.getAllByText("−$3.139740207")).toHaveLength(2);
  expect(settled.getByText("$85.877734793")).toBeTruthy();
  const totals = within(screen.getByRole("region", { name: "Balance" }));
  expect(totals.getByTitle("$85.877734793")).toBeTruthy();
  expect(totals.getByTitle("$9.110259793")).toBeTruthy();
  expect(totals.getByTitle("$76.767475")).toBeTruthy();
});

test("a top-up is asked for in whole cents and leads to its payment", async () => {
  const { user, world } = await open("busy", <Page isAdding />);
  const form = within(await screen.findByRole("dialog", { name: "Add credit" }));
  await user.type(form.getByLabelText("Amount in US dollars"), "0.005");
  await user.click(form.getByRole("button", { name: "Continue to payment" }));
  expect(await form.findByText("Use whole cents above 0.")).toBeTruthy();
  await user.clear(form.getByLabelText("Amount in US dollars"));
  await user.type(form.getByLabelText("Amount in US dollars"), "75");
  await user.click(form.getByRole("button", { name: "Continue to payment" }));
  const pay = await screen.findByRole("link", { name: "Pay $75.00" });
  expect(pay.getAttribute("href")).toContain(world.books?.topUps[0]?.id ?? "no top-up was made");
});

test("without a page to pay at, the reference of the payment is shown", async () => {
  const { user, world } = await open("busy", <Page isAdding />);
  const form = within(await screen.findByRole("dialog", { name: "Add credit" }));
  if (world.books) world.books.paymentPage = null;
  await user.type(form.getByLabelText("Amount in US dollars"), "75");
  await user.click(form.getByRole("button", { name: "Continue to payment" }));
  expect(await screen.findByText(/^top_/)).toBeTruthy();
  expect(screen.queryByRole("link", { name: /^Pay/ })).toBeNull();
});

test("a statement adds up and can be had as a file", async () => {
  const { user } = await open("busy");
  let saved: Blob | null = null;
  URL.createObjectURL = (blob) => {
    saved = blob as Blob;
    return "blob:statement";
  };
  URL.revokeObjectURL = () => {};
  const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
  await user.click(await screen.findByRole("tab", { name: "Statements" }));
  expect(await screen.findByText("Closing balance")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Download CSV" }));
  await vi.waitFor(() => expect(clicked).toHaveBeenCalledOnce());
  expect(await (saved as Blob | null)?.text()).toMatch(/^type,count,amount\n/);
});

test("who may not see the ledger sees the credits alone", async () => {
  await open("viewer", <Page maySeeLedger={false} />);
  expect(await screen.findByRole("table", { name: "Credits" })).toBeTruthy();
  expect(screen.queryByRole("tab", { name: "Ledger" })).toBeNull();
});

test("where nobody is billed, the page says so", async () => {
  await open("unbilled");
  expect(await screen.findByText("Nobody is billed here")).toBeTruthy();
});

test("a failed load says why and offers to try again", async () => {
  await open("failing");
  const alert = within(await screen.findByRole("alert"));
  expect(alert.getByText("dependency_unavailable")).toBeTruthy();
});
