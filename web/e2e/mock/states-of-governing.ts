// What governs spending: budgets, rate limits, webhooks, settings, billing.
import { type PageState, PROJECT, press, rowAction } from "./page-state.ts";

export const STATES_OF_GOVERNING: readonly PageState[] = [
  { name: "budgets", scenario: "busy", path: `${PROJECT}/budgets`, shows: "nightly-summaries" },
  { name: "budgets, all", scenario: "busy", path: `${PROJECT}/budgets?show=all`, shows: "Support bot" },
  { name: "budgets, empty", scenario: "empty", path: `${PROJECT}/budgets`, shows: "No budgets yet" },
  {
    name: "budgets, read only",
    scenario: "viewer",
    path: `${PROJECT}/budgets`,
    shows: "Needs the admin role",
  },
  { name: "budgets, loading", scenario: "slow", path: `${PROJECT}/budgets`, shows: "Loading budgets" },
  {
    name: "budgets, failed",
    scenario: "failing",
    path: `${PROJECT}/budgets`,
    shows: "Budgets could not be loaded.",
  },
  {
    name: "budgets, create",
    scenario: "busy",
    path: `${PROJECT}/budgets`,
    act: async (page) => {
      await press("Create budget")(page);
      await page.getByText("Only some of these calls").click();
      await page.getByLabel("End user", { exact: true }).selectOption("one");
      await page.getByText("When it begins").click();
      await page.getByText("What counts, and when to warn").click();
    },
    shows: "Count calls over your own provider accounts",
  },
  {
    name: "budgets, refused",
    scenario: "busy",
    path: `${PROJECT}/budgets`,
    act: async (page) => {
      await press("Create budget")(page);
      await page.getByLabel("Name").fill("odd");
      await page.getByLabel("Limit in US dollars").fill("1,000");
      await page.getByRole("dialog").getByRole("button", { name: "Create budget" }).click();
    },
    shows: "Use an amount above 0",
  },
  {
    name: "budgets, edit",
    scenario: "busy",
    path: `${PROJECT}/budgets`,
    act: async (page) => {
      await rowAction("Default project", "Edit…")(page);
      await page.getByLabel("Limit in US dollars").fill("300");
    },
    shows: "The window that is open stays open",
  },
  {
    name: "budgets, delete",
    scenario: "busy",
    path: `${PROJECT}/budgets`,
    act: rowAction("Default project", "Delete…"),
    shows: "no longer held to it",
  },
  {
    name: "budget, nearly used up",
    scenario: "busy",
    path: `${PROJECT}/budgets/bud_default`,
    shows: "limit now, $400.00",
  },
  {
    name: "budget, used up",
    scenario: "busy",
    path: `${PROJECT}/budgets/bud_checkout`,
    shows: "refused with 402 until",
  },
  {
    name: "budget, exceeded",
    scenario: "busy",
    path: `${PROJECT}/budgets/bud_experiments`,
    shows: "It only notifies, so calls go on.",
  },
  {
    name: "budget, each end user",
    scenario: "busy",
    path: `${PROJECT}/budgets/bud_users`,
    shows: "all end users together",
  },
  {
    name: "budget, disabled",
    scenario: "busy",
    path: `${PROJECT}/budgets/bud_trial`,
    shows: "It is disabled: calls are neither counted",
  },
  {
    name: "budget, unknown",
    scenario: "busy",
    path: `${PROJECT}/budgets/bud_none`,
    shows: "The budget could not be loaded.",
  },
  {
    name: "budgets, evaluated",
    scenario: "busy",
    path: `${PROJECT}/budgets`,
    act: async (page) => {
      await page.getByLabel("Key", { exact: true }).selectOption("checkout-service");
      await page.getByLabel("Model", { exact: true }).fill("openai/gpt-4o-mini");
      await page.getByLabel("Most it can cost").fill("0.05");
      await page.getByText("More about the call").click();
      await press("Ask the budgets")(page);
    },
    shows: "The call would be refused.",
  },
  {
    name: "budget, adjust",
    scenario: "busy",
    path: `${PROJECT}/budgets/bud_default`,
    act: async (page) => {
      await press("Adjust window")(page);
      await page.getByRole("radio", { name: "Allow less" }).check({ force: true });
      await page.getByLabel("Amount in US dollars").fill("150");
    },
    shows: "More than that is spent already",
  },
  { name: "limits", scenario: "busy", path: `${PROJECT}/limits`, shows: "Output tokens a minute" },
  { name: "limits, empty", scenario: "empty", path: `${PROJECT}/limits`, shows: "No limits yet" },
  {
    name: "limits, failed",
    scenario: "failing",
    path: `${PROJECT}/limits`,
    shows: "Limits could not be loaded.",
  },
  {
    name: "limits, create",
    scenario: "busy",
    path: `${PROJECT}/limits`,
    act: press("Create limit"),
    shows: "Calls, counted when they begin.",
  },
  {
    name: "limits, edit",
    scenario: "busy",
    path: `${PROJECT}/limits`,
    act: rowAction("Requests at once, 200 at once", "Edit…"),
    shows: "make another limit for other",
  },
  {
    name: "billing",
    scenario: "busy",
    path: `${PROJECT}/billing`,
    shows: "What calls used of what was held",
  },
  { name: "billing, credits", scenario: "busy", path: `${PROJECT}/billing?tab=credits`, shows: "welcome" },
  { name: "billing, top-ups", scenario: "busy", path: `${PROJECT}/billing?tab=top-ups`, shows: "Pay $50.00" },
  {
    name: "billing, statement",
    scenario: "busy",
    path: `${PROJECT}/billing?tab=statements`,
    shows: "Charged for use",
  },
  {
    name: "billing, add credit",
    scenario: "busy",
    path: `${PROJECT}/billing`,
    act: press("Add credit"),
    shows: "You pay first.",
  },
  {
    name: "billing, to be paid",
    scenario: "busy",
    path: `${PROJECT}/billing`,
    act: async (page) => {
      await press("Add credit")(page);
      await page.getByLabel("Amount in US dollars").fill("75");
      await press("Continue to payment")(page);
    },
    shows: "The payment opens in a tab of its own.",
  },
  { name: "billing, empty", scenario: "empty", path: `${PROJECT}/billing`, shows: "Nothing has moved yet" },
  {
    name: "billing, read only",
    scenario: "viewer",
    path: `${PROJECT}/billing`,
    shows: "Needs the owner role",
  },
  {
    name: "billing, of nobody",
    scenario: "unbilled",
    path: `${PROJECT}/billing`,
    shows: "Nobody is billed here",
  },
  { name: "webhooks", scenario: "busy", path: `${PROJECT}/webhooks`, shows: "Switched off" },
  {
    name: "webhooks, read only",
    scenario: "viewer",
    path: `${PROJECT}/webhooks`,
    shows: "Needs the admin role",
  },
  {
    name: "webhook, made",
    scenario: "empty",
    path: `${PROJECT}/webhooks`,
    act: async (page) => {
      await press("Create webhook")(page);
      const form = page.getByRole("dialog");
      await form.getByLabel("Name").fill("On call");
      await form.getByLabel("Address").fill("https://hooks.example.com/sluicegate");
      await form.getByRole("button", { name: "Create webhook" }).click();
    },
    shows: "it cannot be shown again",
  },
  {
    name: "webhook, tested",
    scenario: "busy",
    path: `${PROJECT}/webhooks/whk_oncall`,
    act: press("Send a test"),
    shows: "The receiver took the test",
  },
  {
    name: "webhook, rotated",
    scenario: "busy",
    path: `${PROJECT}/webhooks/whk_oncall`,
    act: async (page) => {
      await press("Rotate secret…")(page);
      await page.getByRole("dialog").getByRole("button", { name: "Rotate secret" }).click();
    },
    shows: "The old secret keeps working until",
  },
  { name: "settings", scenario: "busy", path: `${PROJECT}/settings`, shows: "429 insufficient_quota" },
];
