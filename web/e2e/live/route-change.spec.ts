// A route as its owner changes it: begun as a draft, published, changed without fear, tried on the requests of the past, and
// taken back in one step. Then constraints, facts and signals as the server tells them.
import { type APIRequestContext, expect, type Page, test } from "@playwright/test";
import { startProvider } from "./provider.ts";

test.skip(!process.env["SLUICEGATE_TEST_URL"], "SLUICEGATE_TEST_URL is not set");
// Key, connection, route and each of its versions have to reach the worker.
test.setTimeout(120_000);

const REACHES_WORKERS_MS = 20_000;
const CALLS = 3;

test("draft a route, publish it, simulate a change, publish it, and roll it back", async ({
  page,
  request,
}) => {
  const provider = await startProvider();
  try {
    await signUp(page);
    await page.getByRole("button", { name: "Create key" }).click();
    const secret = (await page.getByLabel("Key secret").textContent())?.trim() ?? "";
    await connect(page, provider.url);

    await page.getByRole("link", { name: "Routes", exact: true }).click();
    await page.getByRole("link", { name: "New route" }).click();
    await write(
      page,
      "# the first one\nslug: reply\nstrategy: ordered\ntargets: [{ model: openai/gpt-4o-mini }]\nretries: 3\n",
    );
    await page.getByRole("button", { name: "line 5" }).click();
    await write(
      page,
      "# the first one\nslug: reply\nstrategy: ordered\ntargets: [{ model: openai/gpt-4o-mini }]\n",
    );
    await expect(page.getByText("Can be published")).toBeVisible();
    await page.getByRole("button", { name: "Save as draft" }).click();
    await expect(page.getByRole("heading", { name: "Draft of reply" })).toBeVisible();
    await expect(page.getByText("# the first one")).toBeVisible();
    await publish(page, "The first one.", 1);

    await callUntilServed(request, secret);
    await page.getByRole("tab", { name: "Edit" }).click();
    await write(
      page,
      "# no account needed\nslug: reply\nstrategy: ordered\ntargets: [{ model: sluicegate/echo }]\n",
    );
    await page.getByRole("button", { name: "Save as draft" }).click();
    await page.getByRole("tab", { name: "Changes" }).click();
    await expect(page.getByText("# no account needed")).toBeVisible();
    await page.getByRole("tab", { name: "Simulation" }).click();
    // Records arrive shortly after their calls.
    await expect(async () => {
      await page.getByRole("button", { name: "Simulate" }).click();
      await expect(page.getByText(`All of ${CALLS} requests were decided again`)).toBeVisible({
        timeout: 1_000,
      });
    }).toPass({ timeout: REACHES_WORKERS_MS });
    await expect(page.getByText(`${CALLS} of ${CALLS}, newest first`)).toBeVisible();
    const differences = page.getByRole("table", { name: "Requests that go elsewhere" });
    await expect(differences.getByRole("row")).toHaveCount(CALLS + 1);
    await expect(differences.getByRole("row").nth(1)).toContainText("sluicegate/echo");
    await publish(page, "Cost nothing.", 2);

    await page.getByRole("tab", { name: "Versions" }).click();
    await expect(page.getByRole("table", { name: "Versions" })).toContainText("Cost nothing.");
    await page.getByRole("button", { name: "Roll back to version 1" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Why").fill("It only echoes.");
    await dialog.getByRole("button", { name: "Roll back to version 1" }).click();
    await expect(page.getByText("version 1 again")).toBeVisible();
    await expect(page.getByText("Version 3, published")).toBeVisible();
  } finally {
    await provider.stop();
  }

  await seeWhatRoutesRestOn(page);
});

/** The pages beside routes, each with something that only the server knows. */
async function seeWhatRoutesRestOn(page: Page) {
  await page.getByRole("link", { name: "Constraints" }).click();
  await page.getByLabel("Processed in").fill("EU");
  await page.getByRole("button", { name: "Prove" }).click();
  await expect(page.getByText(/A call for .* reaches/)).toBeVisible();
  await page.getByRole("link", { name: "Facts" }).click();
  await expect(page.getByText(/\d+ of \d+ known/).first()).toBeVisible();
  await page.getByRole("link", { name: "Routes", exact: true }).click();
  await expect(page.getByText("No signals yet")).toBeVisible();
}

async function signUp(page: Page) {
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Careful");
  await page.getByLabel("Email").fill(`careful-${crypto.randomUUID()}@example.com`);
  await page.getByLabel("Password").fill("a few unrelated words");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Quickstart" })).toBeVisible();
}

async function connect(page: Page, url: string) {
  await page.getByRole("link", { name: "Connections" }).click();
  await page.getByRole("button", { name: "Add connection" }).first().click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Provider").selectOption("openai");
  await form.getByLabel("Base URL").fill(url);
  await form.getByLabel("API key").fill("sk-provider-secret-0123456789");
  await form.getByRole("button", { name: "Add and test" }).click();
  await expect(page.getByText(/The provider answered.*offers 1 model/)).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
}

async function write(page: Page, text: string) {
  const editor = page.getByRole("textbox", { name: /Route document/ });
  await editor.fill(text);
  await expect(page.getByText("Checking…")).toBeHidden();
}

async function publish(page: Page, why: string, version: number) {
  await page.getByRole("button", { name: "Publish…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Why").fill(why);
  await dialog.getByRole("button", { name: `Publish version ${version}` }).click();
  await expect(page.getByText(`Version ${version}, published`)).toBeVisible();
}

async function callUntilServed(request: APIRequestContext, secret: string) {
  const version = await (await request.get("/api/v1/version")).json();
  const endpoint = `${String(version.inference_url).replace(/\/(v1\/?)?$/, "")}/v1/chat/completions`;
  const call = async () => {
    const answer = await request.post(endpoint, {
      headers: { authorization: `Bearer ${secret}` },
      data: { model: "route/reply", messages: [{ role: "user", content: "Name rivers." }] },
    });
    return answer.status();
  };
  await expect.poll(call, { timeout: REACHES_WORKERS_MS }).toBe(200);
  for (let served = 1; served < CALLS; served += 1) expect(await call()).toBe(200);
}
