import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { refreshSession } from "@/api/session";
import { currentProject } from "@/testing/fixtures";
import { renderPage } from "@/testing/render";
import { startMockServer } from "@/testing/server";
import { BudgetDetail } from "./budget-detail";
import { EvaluationCard } from "./evaluation-card";

async function open(page: React.ReactNode) {
  const server = startMockServer("busy");
  await refreshSession();
  renderPage(page);
  return { ...server, user: userEvent.setup() };
}

function Detail({ budget, refusal = null }: { budget: string; refusal?: string | null }) {
  return (
    <BudgetDetail
      current={currentProject}
      budget={budget}
      refusal={refusal}
      search={{}}
      onSearch={() => {}}
      onDeleted={() => {}}
    />
  );
}

test("the open window says what is spent, held and adjusted, and who adjusted it why", async () => {
  await open(<Detail budget="bud_default" />);
  const window = within(await screen.findByRole("region", { name: "Window" }));
  expect(window.getByText("of $450.00 per week")).toBeTruthy();
  expect(window.getByText("Held").nextSibling?.textContent).toBe("$12.25 by workers, for calls");
  expect(window.getByText("Adjusted").nextSibling?.textContent).toBe(
    "+$50.00 in this window, beside $400.00",
  );
  const list = within(await screen.findByRole("table", { name: "Adjustments" }));
  expect(list.getByText("Launch week")).toBeTruthy();
  expect(await list.findByText(/Ada Byron/)).toBeTruthy();
});

test("what is held is not made up while it is not known", async () => {
  await open(<Detail budget="bud_company" />);
  const window = within(await screen.findByRole("region", { name: "Window" }));
  expect(window.getByText("Held").nextSibling?.textContent).toBe("not known now");
});

test("one window is given less, with a reason, after a look at what it would have", async () => {
  const { user, world } = await open(<Detail budget="bud_default" />);
  await user.click(await screen.findByRole("button", { name: "Adjust window" }));
  const form = within(await screen.findByRole("dialog"));
  expect(form.getByText(/which has \$450.00/)).toBeTruthy();
  await user.click(form.getByRole("radio", { name: "Allow less" }));
  await user.type(form.getByLabelText("Amount in US dollars"), "150");
  expect(form.getByText("The window would have $300.00.")).toBeTruthy();
  expect(form.getByText(/More than that is spent already/)).toBeTruthy();
  await user.type(form.getByLabelText("Why"), "Over");
  await user.click(form.getByRole("button", { name: "Adjust" }));
  expect(await screen.findByText("The open window of “Default project” has $300.00 now.")).toBeTruthy();
  expect(world.adjustments[0]).toMatchObject({ amount: { amount: "-150.000000000" }, reason: "Over" });
  expect(await screen.findByText("−$150.00")).toBeTruthy();
});

test("of a budget that everybody has alone, one share is given more", async () => {
  const { user, world } = await open(<Detail budget="bud_users" />);
  await user.click(await screen.findByRole("button", { name: "Adjust window" }));
  const form = within(await screen.findByRole("dialog"));
  await user.type(form.getByLabelText("Amount in US dollars"), "5");
  expect(form.getByText(/The window would have/)).toBeTruthy();
  await user.type(form.getByLabelText("Only for one end user"), "ann");
  expect(form.queryByText(/The window would have/)).toBeNull();
  await user.type(form.getByLabelText("Why"), "A demo");
  await user.click(form.getByRole("button", { name: "Adjust" }));
  expect(await screen.findByText(/for “ann” now/)).toBeTruthy();
  expect(world.adjustments[0]).toMatchObject({ partition: "ann", reason: "A demo" });
  const list = within(await screen.findByRole("table", { name: "Adjustments" }));
  expect(list.getByText("ann")).toBeTruthy();
});

test("an amount that is none is told at its field", async () => {
  const { user } = await open(<Detail budget="bud_default" />);
  await user.click(await screen.findByRole("button", { name: "Adjust window" }));
  const form = within(await screen.findByRole("dialog"));
  await user.type(form.getByLabelText("Amount in US dollars"), "0");
  await user.type(form.getByLabelText("Why"), "x");
  await user.click(form.getByRole("button", { name: "Adjust" }));
  expect(await form.findByText(/Use an amount other than 0/)).toBeTruthy();
  expect(form.getByLabelText("Amount in US dollars").getAttribute("aria-invalid")).toBe("true");
});

test("who may only read adjusts nothing", async () => {
  await open(<Detail budget="bud_default" refusal="Needs the admin role." />);
  await screen.findByRole("region", { name: "Window" });
  expect(screen.queryByRole("button", { name: "Adjust window" })).toBeNull();
});

test("budgets say what they would do to a call, and the strictest decides", async () => {
  const { user } = await open(<EvaluationCard current={currentProject} />);
  await screen.findByRole("option", { name: "checkout-service" });
  await user.selectOptions(screen.getByLabelText("Key"), "checkout-service");
  await user.type(screen.getByLabelText("Model"), "openai/gpt-4o-mini");
  await user.type(screen.getByLabelText("Most it can cost, in US dollars"), "0.05");
  await user.click(screen.getByRole("button", { name: "Ask the budgets" }));
  expect(await screen.findByText("The call would be refused.")).toBeTruthy();
  const rows = within(screen.getByRole("table", { name: "Budgets over the call" })).getAllByRole("row");
  expect(rows[1]?.textContent).toMatch(/Checkout a day decides.*Refused/);
  expect(rows[2]?.textContent).toMatch(/Admitted/);

  // Another call is another question.
  await user.selectOptions(screen.getByLabelText("Key"), "quickstart");
  expect(screen.queryByText("The call would be refused.")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Ask the budgets" }));
  expect(await screen.findByText("The call would be let through.")).toBeTruthy();
});
