import { type BrowserContext, expect, type Page } from "@playwright/test";
import type { PageState } from "./page-state.ts";

/** Gives the browser a world of its own in the mock server. */
export async function enterWorld(context: BrowserContext, baseURL: string, scenario: string): Promise<void> {
  const value = `${scenario}.${crypto.randomUUID()}`;
  await context.addCookies([{ name: "mock_world", value, url: baseURL }]);
}

export async function openState(page: Page, baseURL: string, state: PageState): Promise<void> {
  await enterWorld(page.context(), baseURL, state.scenario);
  await page.goto(state.path);
  await state.act?.(page);
  await expect(page.getByText(state.shows).locator("visible=true").first()).toBeVisible();
}
