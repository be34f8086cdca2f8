// Scans every page and state in both themes, on a desktop and on a phone, and holds them to the page's own rules:
// nothing wider than the screen, nothing the content security policy forbids, no script error.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { openState } from "./open-state.ts";
import { STATES } from "./pages.ts";

const SCREENS = [
  { name: "desktop", width: 1280, height: 820 },
  { name: "phone", width: 400, height: 800 },
] as const;

for (const colorScheme of ["light", "dark"] as const) {
  for (const screen of SCREENS) {
    test.describe(`${colorScheme}, ${screen.name}`, () => {
      test.use({
        colorScheme,
        viewport: { width: screen.width, height: screen.height },
        reducedMotion: "reduce",
      });

      for (const state of STATES) {
        test(state.name, async ({ page, baseURL }) => {
          const complaints: string[] = [];
          page.on("pageerror", (error) => complaints.push(error.message));
          page.on("console", (message) => {
            if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
          });
          await openState(page, baseURL ?? "", state);

          const { violations } = await new AxeBuilder({ page })
            .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
            .disableRules(state.floats ? ["region"] : [])
            .analyze();
          expect(violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }))).toEqual(
            [],
          );
          const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect(tooWide).toBeLessThanOrEqual(0);
          expect(complaints).toEqual([]);
        });
      }
    });
  }
}
