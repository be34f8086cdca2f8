// One page in one state, and what brings pages into theirs.
import type { Page } from "@playwright/test";
import type { Scenario } from "../../src/testing/world.ts";

export const PROJECT = "/o/northwind/p/default";

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

export function rowAction(row: string, item: string) {
  return async (page: Page) => {
    await page.getByRole("button", { name: `Actions for ${row}` }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
}

export const press = (name: string | RegExp) => (page: Page) =>
  page.getByRole("button", { name }).first().click();
