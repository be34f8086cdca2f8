// From sign-up to the first request seen, against a running server: SLUICEGATE_TEST_URL is its dashboard. Where calls go is
// asked from the server, as a user would.
import { expect, test } from "@playwright/test";

const missing = !process.env["SLUICEGATE_TEST_URL"];

test.skip(missing, "SLUICEGATE_TEST_URL is not set");

test("sign up, create a key, call the endpoint, see the request and its cost", async ({ page, request }) => {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
  });
  const email = `first-${crypto.randomUUID()}@example.com`;
  const password = "a few unrelated words";

  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("First Light");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Create account" }).click();

  await expect(page.getByRole("heading", { name: "Quickstart" })).toBeVisible();
  await page.getByRole("button", { name: "Create key" }).click();
  const secret = (await page.getByLabel("Key secret").textContent())?.trim() ?? "";
  expect(secret).toMatch(/^sk-sg-/);
  await expect(page.getByRole("region", { name: "curl example" })).toContainText(secret);

  const version = await (await request.get("/api/v1/version")).json();
  const endpoint = `${String(version.inference_url).replace(/\/(v1\/?)?$/, "")}/v1/chat/completions`;
  const call = () =>
    request.post(endpoint, {
      headers: { authorization: `Bearer ${secret}` },
      data: { model: "sluicegate/echo", messages: [{ role: "user", content: "Hello, Sluicegate" }] },
    });
  // A new key reaches every worker within a few seconds.
  await expect.poll(async () => (await call()).status()).toBe(200);
  const { usage } = await (await call()).json();

  const panel = page.getByRole("region", { name: "First request" });
  await expect(panel.getByText("Your first request")).toBeVisible();
  await expect(panel).toContainText("200 OK");
  await panel.getByRole("link", { name: "See the whole request" }).click();

  const sheet = page.getByRole("dialog", { name: "Request" });
  await expect(sheet.getByText("Cost and tokens")).toBeVisible();
  const shown = async (name: string) =>
    (await sheet.locator("dt", { hasText: name }).locator("+ dd").textContent())?.trim();
  expect(await shown("Input tokens")).toBe(String(usage.prompt_tokens));
  expect(await shown("Output tokens")).toBe(String(usage.completion_tokens));
  await expect(sheet.getByText(/\$0\.\d+/).first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("table", { name: "Requests" })).toContainText("sluicegate/echo");

  await page.getByRole("link", { name: "Usage" }).click();
  // The built-in model is free, so its requests are drawn rather than their spend.
  await expect(page.getByText("Requests per hour")).toBeVisible();

  await page.reload();
  await expect(page.getByRole("heading", { name: "Usage" })).toBeVisible();
  expect(complaints).toEqual([]);
});

test("a revoked key is gone from the list and refused at the endpoint", async ({ page, request }) => {
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Second Light");
  await page.getByLabel("Email").fill(`second-${crypto.randomUUID()}@example.com`);
  await page.getByLabel("Password").fill("a few unrelated words");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("link", { name: "Keys" }).click();
  // The quickstart has a "Create key" button too.
  await expect(page.getByRole("heading", { name: "Keys", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Create key" }).first().click();
  await page.getByLabel("Name").fill("short-lived");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  const secret = (await page.getByLabel("Key secret").textContent())?.trim() ?? "";
  await page.getByRole("button", { name: "I saved it" }).click();

  const version = await (await request.get("/api/v1/version")).json();
  const models = `${String(version.inference_url).replace(/\/(v1\/?)?$/, "")}/v1/models`;
  const status = async () =>
    (await request.get(models, { headers: { authorization: `Bearer ${secret}` } })).status();
  await expect.poll(status).toBe(200);

  await page.getByRole("button", { name: "Actions for short-lived" }).click();
  await page.getByRole("menuitem", { name: "Revoke…" }).click();
  await page.getByLabel("Type short-lived to confirm").fill("short-lived");
  await page.getByRole("button", { name: "Revoke key" }).click();
  await expect(page.getByRole("button", { name: "Actions for short-lived" })).toHaveCount(0);
  await expect.poll(status).toBe(401);
});
