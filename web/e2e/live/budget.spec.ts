// A budget as its owner meets it: made in the dashboard, used up by calls, refused by name, and seen there to the
// nano-dollar. The provider is the test's own; the price is the published one.
import { expect, type Page, test } from "@playwright/test";
import { MODEL, type Provider, startProvider, USE } from "./provider.ts";

test.skip(!process.env["SLUICEGATE_TEST_URL"], "SLUICEGATE_TEST_URL is not set");
// Key, connection, budget and its change each have to reach the worker.
test.setTimeout(120_000);

/** gpt-4o-mini: $0.15 and $0.60 for a million tokens. */
const COST_NANOS = USE.prompt_tokens * 150 + USE.completion_tokens * 600;
/** Room for three calls: the fourth could cost more than is left. */
const LIMIT = "0.002";
const CALLS = 3;

let provider: Provider;

test.beforeEach(async () => {
  provider = await startProvider();
});

test.afterEach(() => provider.stop());

test("make a budget, call until refused, see the window full, and make room", async ({ page, request }) => {
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Thrifty");
  await page.getByLabel("Email").fill(`thrifty-${crypto.randomUUID()}@example.com`);
  await page.getByLabel("Password").fill("a few unrelated words");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Quickstart" })).toBeVisible();
  await page.getByRole("button", { name: "Create key" }).click();
  const secret = (await page.getByLabel("Key secret").textContent())?.trim() ?? "";
  await connect(page);

  await page.getByRole("link", { name: "Budgets" }).click();
  await page.getByRole("button", { name: "Create budget" }).first().click();
  const form = page.getByRole("dialog", { name: "Create budget" });
  await form.getByLabel("Name").fill("Pocket money");
  await form.getByLabel("Limit in US dollars").fill(LIMIT);
  await form.getByLabel("Key").selectOption("quickstart");
  await form.getByRole("button", { name: "Create budget" }).click();
  const row = page.getByRole("row", { name: /Pocket money/ });
  await expect(row).toContainText("$0.00 of $0.002");
  await expect(row).toContainText("Has room");

  const version = await (await request.get("/api/v1/version")).json();
  const endpoint = `${String(version.inference_url).replace(/\/(v1\/?)?$/, "")}/v1/chat/completions`;
  const call = async () => {
    const answer = await request.post(endpoint, {
      headers: { authorization: `Bearer ${secret}` },
      data: {
        model: `openai/${MODEL}`,
        max_tokens: USE.completion_tokens,
        messages: [{ role: "user", content: "Name rivers." }],
      },
    });
    return { status: answer.status(), text: await answer.text() };
  };
  // Key, connection and budget reach the worker within seconds; until then there is no such model, or nothing to keep to.
  let refusal = "";
  await expect
    .poll(
      async () => {
        const { status, text } = await call();
        refusal = text;
        return status;
      },
      { timeout: 20_000 },
    )
    .toBe(402);
  expect(refusal).toContain("Pocket money");
  expect(provider.answered()).toBeGreaterThanOrEqual(CALLS);

  await expect(row).toContainText("Nearly used up");
  await expect(row).toContainText("90 %");
  await page.getByRole("link", { name: "Pocket money" }).click();
  await expect(page.getByRole("heading", { name: "Pocket money", level: 1 })).toBeVisible();
  const settled = page.locator("dt", { hasText: "Settled" }).locator("+ dd");
  await expect(settled).toContainText(`$${((CALLS * COST_NANOS) / 1e9).toFixed(9).replace(/0+$/, "")}`);
  await expect(page.getByText("A call is stopped when the most it can cost no longer fits")).toBeVisible();

  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Limit in US dollars").fill("0.01");
  await expect(page.getByText("The window that is open stays open")).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("of $0.01 per month")).toBeVisible();
  await expect.poll(async () => (await call()).status).toBe(200);
});

async function connect(page: Page) {
  await page.getByRole("link", { name: "Connections" }).click();
  await page.getByRole("button", { name: "Add connection" }).first().click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Provider").selectOption("openai");
  await form.getByLabel("Base URL").fill(provider.url);
  await form.getByLabel("API key").fill("sk-provider-secret-0123456789");
  await form.getByRole("button", { name: "Add and test" }).click();
  await expect(page.getByText(/The provider answered.*offers 1 model/)).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
}
