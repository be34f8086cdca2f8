// Asks axe about a page as it is now. Its own adapter for Playwright carries all results, passes too, through a second
// page for the sake of foreign frames: several times the work, and there are no frames here.
import type { Page } from "@playwright/test";
import axe, { type RunOnly, type RunOptions } from "axe-core";

declare global {
  interface Window {
    axe?: typeof axe;
  }
}

const RULES = {
  all: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
  /** Those that a theme can break. */
  colors: { type: "rule", values: ["color-contrast", "link-in-text-block"] },
} satisfies Record<string, RunOnly>;

/** The rules that the page breaks, and where. */
export async function violations(page: Page, rules: keyof typeof RULES, except: readonly string[]) {
  const options: RunOptions = {
    runOnly: RULES[rules],
    rules: Object.fromEntries(except.map((rule) => [rule, { enabled: false }])),
    resultTypes: ["violations"],
  };
  if (!(await page.evaluate(() => Boolean(window.axe)))) await page.evaluate(axe.source);
  return page.evaluate(async (options) => {
    const found = (await window.axe?.run(document, options))?.violations;
    return found?.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }));
  }, options);
}
