// Routes with their drafts, and what they rest on: signals, constraints and facts.
import type { Page } from "@playwright/test";
import { type PageState, PROJECT, press } from "./page-state.ts";

/** Somebody else publishes the next version of a route meanwhile. */
function publishOver(page: Page, route: string, version: number): Promise<void> {
  return page.evaluate(
    async ({ route, version }) => {
      await fetch(`/api/v1/projects/prj_01k00000000000000000000001/routes/${route}`, {
        method: "PATCH",
        headers: {
          authorization: "Bearer mock-access-token",
          "if-match": `"${version}"`,
          "content-type": "application/yaml",
        },
        body: `slug: ${route.replace("rt_", "")}\nstrategy: fastest\ntargets: [{ model: openai/gpt-4o-mini }]`,
      });
    },
    { route, version },
  );
}

export const STATES_OF_ROUTES: readonly PageState[] = [
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
      await publishOver(page, "rt_cheap", 1);
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
    name: "route, rolling out",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_triage`,
    shows: "those of the newest 50,000",
  },
  {
    name: "route, rollout halted",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_extract`,
    act: async (page) => {
      await page.getByRole("radio", { name: "Table" }).check({ force: true });
      await press("Complete…")(page);
    },
    shows: "It is halted: 36.7 % of its requests failed",
  },
  {
    name: "draft",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_support/draft`,
    shows: "Can be published, with 2 warnings",
  },
  {
    name: "draft, publish in stages",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_support/draft?tab=changes`,
    act: async (page) => {
      await press("Publish…")(page);
      await page.getByRole("radio", { name: "In stages" }).check();
      await page.getByText("What halts it").click();
    },
    shows: "An empty field does not count.",
  },
  {
    name: "draft, behind",
    scenario: "busy",
    path: `${PROJECT}/routes`,
    act: async (page) => {
      await publishOver(page, "rt_support", 3);
      await page.getByRole("table", { name: "Drafts" }).getByRole("link", { name: "support" }).click();
    },
    shows: "What changed from version 3 to 4",
  },
  {
    name: "draft, simulated",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_support/draft?tab=simulation`,
    act: press("Simulate"),
    shows: "Requests that go elsewhere",
  },
  {
    name: "draft, simulated, in numbers",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_support/draft?tab=simulation`,
    act: async (page) => {
      await press("Simulate")(page);
      await page.getByRole("radio", { name: "Table" }).check({ force: true });
    },
    shows: "Mean time to first byte",
  },
  {
    name: "route, roll back",
    scenario: "busy",
    path: `${PROJECT}/routes/rt_support?tab=versions`,
    act: press("Roll back to version 2"),
    shows: "It is published again, as version 4",
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
  { name: "facts", scenario: "busy", path: `${PROJECT}/facts`, shows: "7 of 13 known" },
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
];
