// The journeys of a first day with the keyboard alone.
import { expect, type Page, test } from "@playwright/test";
import { enterWorld } from "./open-state.ts";

const PROJECT = "/o/northwind/p/default";

/** Presses Tab until the focus is on the named control, once it can be used; fails when it is not reachable. */
async function tabTo(
  page: Page,
  role: "button" | "link" | "textbox" | "menuitem" | "radio",
  name: string | RegExp,
) {
  const target = page.getByRole(role, { name }).first();
  await expect(target).toBeEnabled();
  for (let presses = 0; presses < 60; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement).catch(() => false)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not reach the ${role} “${name}”`);
}

test("sign up and make the first key", async ({ page, context, baseURL }) => {
  await enterWorld(context, baseURL ?? "", "fresh");
  await page.goto("/sign-up");
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.keyboard.type("Grace Hopper");
  await page.keyboard.press("Tab");
  await page.keyboard.type("grace@example.com");
  await page.keyboard.press("Tab");
  await page.keyboard.type("nanoseconds of wire");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Quickstart" })).toBeVisible();
  await tabTo(page, "button", "Create key");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Key secret")).toBeVisible();
  await expect(page.getByText("Your first request")).toBeVisible();
});

test("create a key and revoke another", async ({ page, context, baseURL }) => {
  await enterWorld(context, baseURL ?? "", "busy");
  await page.goto(`${PROJECT}/keys`);
  await page.getByRole("heading", { name: "Keys" }).waitFor();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await tabTo(page, "button", "Create key");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.keyboard.type("ci");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: /Secret of/ })).toBeVisible();
  await tabTo(page, "button", "I saved it");
  await page.keyboard.press("Enter");

  await tabTo(page, "button", "Actions for checkout-service");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Derive…" })).toBeFocused();
  await page.keyboard.type("rev");
  await expect(page.getByRole("menuitem", { name: "Revoke…" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Type checkout-service to confirm")).toBeFocused();
  await page.keyboard.type("checkout-service");
  await page.keyboard.press("Enter");
  await expect(page.getByText("“checkout-service” is revoked.")).toBeVisible();
});

test("filter requests, open one, go to the next and back out", async ({ page, context, baseURL }) => {
  await enterWorld(context, baseURL ?? "", "busy");
  await page.goto(`${PROJECT}/requests`);
  await page.getByRole("radio", { name: "All" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page).toHaveURL(/status=ok/);
  await tabTo(page, "link", /^Request to/);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/request=req_/);
  const first = page.url();
  await tabTo(page, "button", "Next request");
  await page.keyboard.press("Enter");
  await expect(page).not.toHaveURL(first);
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/request=/);
  await expect(page).toHaveURL(/status=ok/);
});

test("a deep link asks to sign in and then leads there", async ({ page, context, baseURL }) => {
  await enterWorld(context, baseURL ?? "", "fresh");
  await page.goto(`${PROJECT}/usage?range=7d`);
  await page.getByLabel("Email").fill("ada@example.com");
  await page.getByLabel("Password").fill("long enough");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/usage\?range=7d/);
});

test("a chosen theme stays, and signing out ends at the sign-in page", async ({ page, context, baseURL }) => {
  await enterWorld(context, baseURL ?? "", "busy");
  await page.goto(`${PROJECT}/keys`);
  await page.getByRole("button", { name: /Account of/ }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: /Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in/);
});

test("make a budget, open it, and raise its limit", async ({ page, context, baseURL }) => {
  await enterWorld(context, baseURL ?? "", "busy");
  await page.goto(`${PROJECT}/budgets`);
  await tabTo(page, "button", "Create budget");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.keyboard.type("Team");
  await page.keyboard.press("Tab");
  await page.keyboard.type("25.00");
  await tabTo(page, "radio", "Hard");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("radio", { name: "Soft" })).toBeChecked();
  await page.keyboard.press("Enter");
  await expect(page.getByText("“Team” is in force.")).toBeVisible();

  await tabTo(page, "link", "Team");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Team", level: 1 })).toBeVisible();
  await tabTo(page, "button", "Edit");
  await page.keyboard.press("Enter");
  await tabTo(page, "textbox", "Limit in US dollars");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("30");
  await expect(page.getByText("The window that is open stays open")).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByText("of $30.00 per month")).toBeVisible();
});

test("write a route, mend what the check finds, and publish it", async ({ page, context, baseURL }) => {
  await enterWorld(context, baseURL ?? "", "empty");
  await page.goto(`${PROJECT}/routes`);
  await tabTo(page, "link", "Start with a fallback");
  await page.keyboard.press("Enter");
  await tabTo(page, "textbox", /Route document/);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(
    "slug: first\nstrategy: ordered\ntargets: [{ model: sluicegate/echo }]\nretries: 3",
  );
  await expect(page.getByText("Cannot be published: 1 error")).toBeVisible();
  await tabTo(page, "button", "line 4");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+End");
  await page.keyboard.press("Backspace");
  await expect(page.getByText("Can be published")).toBeVisible();
  await tabTo(page, "button", "Publish version 1");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "first", level: 1 })).toBeVisible();
  await expect(page.getByText("sluicegate/echo")).toBeVisible();
});

test("keep a change as a draft, simulate it, publish it, and roll it back", async ({
  page,
  context,
  baseURL,
}) => {
  await enterWorld(context, baseURL ?? "", "busy");
  await page.goto(`${PROJECT}/routes/rt_cheap?tab=edit`);
  await tabTo(page, "textbox", /Route document/);
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.type("# cheaper still\n");
  await tabTo(page, "button", "Save as draft");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Draft of cheap" })).toBeVisible();
  // What is not saved yet is neither lost nor asked about when the tab is left.
  await tabTo(page, "textbox", /Route document/);
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.type("# at night\n");
  await page.getByRole("tab", { name: "Document" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByText("# cheaper still")).toBeVisible();
  await expect(page.getByText("# at night")).toBeVisible();
  await page.keyboard.press("ArrowRight");
  await tabTo(page, "button", "Simulate");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/requests were decided again/)).toBeVisible();
  await tabTo(page, "button", "Load more");
  await page.keyboard.press("Enter");
  await expect(page.getByText("64 of 64, newest first")).toBeVisible();

  await page.getByRole("button", { name: "Publish…" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Why")).toBeFocused();
  await page.keyboard.type("Cheaper still.");
  await tabTo(page, "button", "Publish version 2");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Version 2 is published")).toBeVisible();

  await page.getByRole("tab", { name: "Summary" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Edit" })).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByText("Cheaper still.")).toBeVisible();
  await tabTo(page, "button", "Roll back to version 1");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Roll cheap back to version 1" })).toBeVisible();
  await tabTo(page, "button", "Roll back to version 1");
  await page.keyboard.press("Enter");
  await expect(page.getByText("version 1 again")).toBeVisible();
});

test("roll a draft out in stages, advance it, halt it, and give it up", async ({
  page,
  context,
  baseURL,
}) => {
  await enterWorld(context, baseURL ?? "", "busy");
  await page.goto(`${PROJECT}/routes/rt_support/draft?tab=changes`);
  await tabTo(page, "button", "Publish…");
  await page.keyboard.press("Enter");
  await page.keyboard.type("Step by step.");
  await tabTo(page, "radio", "At once");
  await page.keyboard.press("ArrowDown");
  await tabTo(page, "textbox", "Minutes per stage");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Version 4 is being rolled out")).toBeVisible();

  await tabTo(page, "button", "Advance to 25 %");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").getByText("serves 25 of 100 conversations")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Rollout of version 4" })).toBeFocused();
  await tabTo(page, "button", "Halt");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Somebody halted it.")).toBeVisible();
  await tabTo(page, "button", "Abort…");
  await page.keyboard.press("Enter");
  await tabTo(page, "button", "Abort rollout");
  await page.keyboard.press("Enter");
  await expect(page.getByText("was given up: version 3 serves everybody")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Rollout of version 4" })).toBeFocused();
});
