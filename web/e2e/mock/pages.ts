// Every page and state worth looking at, how to get there, and what shows that it is there.
import type { Page } from "@playwright/test";
import type { Scenario } from "../../src/testing/world.ts";

const PROJECT = "/o/northwind/p/default";

export interface PageState {
  name: string;
  scenario: Scenario;
  path: string;
  /** Brings the page into the state. */
  act?: (page: Page) => Promise<void>;
  /** An open menu floats above the page's landmarks, which is how menus are meant to be. */
  floats?: boolean;
  /** Text that is visible once it is there. */
  shows: string | RegExp;
}

function rowAction(row: string, item: string) {
  return async (page: Page) => {
    await page.getByRole("button", { name: `Actions for ${row}` }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
}

const press = (name: string | RegExp) => (page: Page) => page.getByRole("button", { name }).first().click();

export const STATES: readonly PageState[] = [
  { name: "sign in", scenario: "fresh", path: "/sign-in", shows: "New here?" },
  {
    name: "sign in, refused",
    scenario: "fresh",
    path: "/sign-in",
    act: async (page) => {
      await page.getByLabel("Email").fill("ada@example.com");
      await page.getByLabel("Password").fill("wrong-password");
      await page.getByRole("button", { name: "Sign in" }).click();
    },
    shows: "The email or the password is not right.",
  },
  { name: "sign up", scenario: "fresh", path: "/sign-up", shows: "Already have an account?" },
  { name: "not found", scenario: "busy", path: "/nowhere", shows: "There is nothing at this address" },
  {
    name: "quickstart",
    scenario: "empty",
    path: `${PROJECT}/quickstart`,
    shows: "Waiting for your first request…",
  },
  {
    name: "quickstart, key shown",
    scenario: "empty",
    path: `${PROJECT}/quickstart`,
    act: press("Create key"),
    shows: "Shown only now.",
  },
  {
    name: "quickstart, first request",
    scenario: "empty",
    path: `${PROJECT}/quickstart`,
    act: press("Create key"),
    shows: "Your first request",
  },
  { name: "keys", scenario: "busy", path: `${PROJECT}/keys`, shows: "nightly-summaries" },
  { name: "keys, empty", scenario: "empty", path: `${PROJECT}/keys`, shows: "No keys yet" },
  { name: "keys, failed", scenario: "failing", path: `${PROJECT}/keys`, shows: "dependency_unavailable" },
  {
    name: "keys, read only",
    scenario: "viewer",
    path: `${PROJECT}/keys`,
    shows: "Needs the developer role.",
  },
  {
    name: "keys, create",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: press("Create key"),
    shows: "Allowed models",
  },
  {
    name: "keys, menu",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: press("Actions for checkout-service"),
    shows: "Revoke…",
    floats: true,
  },
  {
    name: "keys, revoke",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: rowAction("checkout-service", "Revoke…"),
    shows: /It made \d+ requests/,
  },
  {
    name: "keys, rotated",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: async (page) => {
      await rowAction("checkout-service", "Rotate…")(page);
      await page.getByRole("button", { name: "Rotate key" }).click();
    },
    shows: "The old secret keeps working until",
  },
  {
    name: "keys, derive",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: rowAction("nightly-summaries", "Derive…"),
    shows: "The new key can never do more than this one",
  },
  { name: "connections", scenario: "busy", path: `${PROJECT}/connections`, shows: "Test failed" },
  {
    name: "connections, empty",
    scenario: "empty",
    path: `${PROJECT}/connections`,
    shows: "No connections yet",
  },
  {
    name: "connections, add",
    scenario: "busy",
    path: `${PROJECT}/connections`,
    act: press("Add connection"),
    shows: "The provider's API key.",
  },
  {
    name: "connections, tested",
    scenario: "busy",
    path: `${PROJECT}/connections`,
    act: rowAction("mistral", "Test"),
    shows: "The provider answered 401",
  },
  { name: "routes", scenario: "busy", path: `${PROJECT}/routes`, shows: "Cheapest within 1.5 s" },
  { name: "routes, empty", scenario: "empty", path: `${PROJECT}/routes`, shows: "No routes yet" },
  {
    name: "routes, failed",
    scenario: "failing",
    path: `${PROJECT}/routes`,
    shows: "Routes could not be loaded.",
  },
  {
    name: "routes, read only",
    scenario: "viewer",
    path: `${PROJECT}/routes`,
    shows: "Needs the developer role.",
  },
  {
    name: "route, new",
    scenario: "busy",
    path: `${PROJECT}/routes/new?example=coding-agent`,
    act: (page) => page.getByText("Facts for conditions").click(),
    shows: "What could serve now",
  },
  {
    name: "route, refused",
    scenario: "busy",
    path: `${PROJECT}/routes/new?example=echo`,
    act: async (page) => {
      await page.getByRole("textbox", { name: /Route document/ }).fill("slug: a\nrulez: []");
      await page.getByText("There is no field `rulez`.").first().waitFor();
      await press("Publish version 1")(page);
    },
    shows: "Nothing was published",
  },
  {
    name: "route, summary",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_support`,
    shows: "only over lab-vllm",
  },
  {
    name: "route, edit",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_support?tab=edit`,
    shows: "Can be published, with 2 warnings",
  },
  {
    name: "route, outdated",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_cheap?tab=edit`,
    act: async (page) => {
      const text = page.getByRole("textbox", { name: /Route document/ });
      await text.fill("slug: cheaper\nstrategy: cheapest\ntargets: [{ model: openai/gpt-4o }]");
      await page.evaluate(async () => {
        const path = "/api/v1/projects/prj_01k00000000000000000000001/routes/rt_cheap";
        const authorization = "Bearer mock-access-token";
        await fetch(path, {
          method: "PATCH",
          headers: { authorization, "if-match": '"1"', "content-type": "application/yaml" },
          body: "slug: cheap\nstrategy: fastest\ntargets: [{ model: openai/gpt-4o-mini }]",
        });
      });
      await press("Publish version 2")(page);
      await page.getByText("What your text changes").click();
    },
    shows: "Somebody published version 2",
  },
  {
    name: "route, versions",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_support?tab=versions&from=1`,
    shows: "rules busy-hours",
  },
  {
    name: "route, call it",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_support?tab=call`,
    shows: "Name the route as the model",
  },
  {
    name: "route, delete",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_support`,
    act: press("Delete"),
    shows: "are refused within seconds",
  },
  {
    name: "route, unknown",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_none`,
    shows: "The route could not be loaded.",
  },
  {
    name: "signals, push",
    scenario: "empty",
    path: `${PROJECT}/routes`,
    act: (page) => page.getByText("How to push one").click(),
    shows: "SLUICEGATE_MANAGEMENT_KEY",
  },
  {
    name: "signals, delete",
    scenario: "busy",
    path: `${PROJECT}/routes`,
    act: press("Delete signal incident"),
    shows: "until it is pushed again",
  },
  {
    name: "constraints",
    scenario: "busy",
    path: `${PROJECT}/constraints`,
    shows: "From the organization",
  },
  {
    name: "constraints, none",
    scenario: "empty",
    path: `${PROJECT}/constraints`,
    shows: "Nothing is demanded here",
  },
  {
    name: "constraints, failed",
    scenario: "failing",
    path: `${PROJECT}/constraints`,
    shows: "The constraints could not be loaded.",
  },
  {
    name: "constraints, read only",
    scenario: "viewer",
    path: `${PROJECT}/constraints`,
    shows: "Needs the owner role",
  },
  {
    name: "constraints, refused",
    scenario: "busy",
    path: `${PROJECT}/constraints`,
    act: async (page) => {
      await press("Edit constraints of default")(page);
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Processed in").fill("EU, Europe");
      await dialog.getByText("Providers and models").click();
      await dialog.getByRole("button", { name: "Save" }).click();
    },
    shows: "No country has the code Europe.",
  },
  {
    name: "constraints, disproved",
    scenario: "busy",
    path: `${PROJECT}/constraints`,
    act: async (page) => {
      await page.getByLabel("Processed in").fill("EU");
      await page.getByText("Highest prices").click();
      await press("Prove")(page);
    },
    shows: "A call for openai/gpt-4o-mini reaches openai",
  },
  { name: "facts", scenario: "busy", path: `${PROJECT}/facts`, shows: "7 of 10 known" },
  {
    name: "facts, of an endpoint",
    scenario: "busy",
    path: `${PROJECT}/facts?q=mistral`,
    act: (page) => page.getByText("mistral", { exact: true }).click(),
    shows: "does not train on prompts and answers",
  },
  {
    name: "facts, none match",
    scenario: "busy",
    path: `${PROJECT}/facts?q=nothing`,
    shows: "No endpoints match",
  },
  { name: "facts, none stated", scenario: "empty", path: `${PROJECT}/facts`, shows: "Nothing stated yet" },
  {
    name: "facts, failed",
    scenario: "failing",
    path: `${PROJECT}/facts`,
    shows: "The statements could not be loaded.",
  },
  { name: "facts, read only", scenario: "viewer", path: `${PROJECT}/facts`, shows: "Needs the owner role" },
  {
    name: "facts, state",
    scenario: "busy",
    path: `${PROJECT}/facts`,
    act: async (page) => {
      await press("State facts")(page);
      await page.getByText("Facts of the model").click();
    },
    shows: "The address of a page, or a contract",
  },
  {
    name: "facts, withdraw",
    scenario: "busy",
    path: `${PROJECT}/facts`,
    act: press("Withdraw what is stated about provider mistral"),
    shows: "Within seconds it counts no more",
  },
  { name: "requests", scenario: "busy", path: `${PROJECT}/requests`, shows: "checkout-service" },
  {
    name: "requests, none match",
    scenario: "busy",
    path: `${PROJECT}/requests?model=x`,
    shows: "No requests match",
  },
  {
    name: "requests, empty",
    scenario: "empty",
    path: `${PROJECT}/requests`,
    shows: "No requests in this time",
  },
  {
    name: "requests, detail",
    scenario: "busy",
    path: `${PROJECT}/requests`,
    act: (page) =>
      page
        .getByRole("link", { name: /^Request to/ })
        .nth(3)
        .click(),
    shows: "Cost and tokens",
  },
  { name: "usage", scenario: "busy", path: `${PROJECT}/usage`, shows: "Spend per hour" },
  {
    name: "usage by model",
    scenario: "busy",
    path: `${PROJECT}/usage?group=model&range=7d`,
    shows: "Spend per day",
  },
  {
    name: "usage table",
    scenario: "busy",
    path: `${PROJECT}/usage?view=table&metric=tokens`,
    shows: "Tokens per hour",
  },
  { name: "usage, empty", scenario: "empty", path: `${PROJECT}/usage`, shows: "No requests in this time" },
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
      await page.getByLabel("End user").selectOption("one");
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
  {
    name: "project menu",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: press(/Switch project/),
    shows: "Support bot",
    floats: true,
  },
  {
    name: "account menu",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: press(/Account of/),
    shows: "Sign out",
    floats: true,
  },
];
