// Looks at every page and state in both themes, on a phone and on a desktop, and holds them to the page's own rules:
// accessible, nothing wider than the screen, nothing the content security policy forbids, no script error.
import { expect, test } from "@playwright/test";
import { violations } from "./axe.ts";
import { openState } from "./open-state.ts";
import { STATES } from "./pages.ts";

const PHONE = { width: 400, height: 800 };
const DESKTOP = { width: 1280, height: 820 };

/** In this order: loaded and acted on where room is least, then changed as somebody would who keeps the page open. */
const LOOKS = [
  { name: "light, phone", colorScheme: "light", viewport: PHONE, rules: "all" },
  { name: "dark, phone", colorScheme: "dark", viewport: PHONE, rules: "colors" },
  { name: "dark, desktop", colorScheme: "dark", viewport: DESKTOP, rules: "all" },
  { name: "light, desktop", colorScheme: "light", viewport: DESKTOP, rules: "colors" },
] as const;

test.use({ colorScheme: LOOKS[0].colorScheme, viewport: LOOKS[0].viewport, reducedMotion: "reduce" });

for (const state of STATES) {
  test(state.name, async ({ page, baseURL }) => {
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
    });
    await openState(page, baseURL ?? "", state);

    for (const { name, colorScheme, viewport, rules } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await expect(page.getByText(state.shows).locator("visible=true").first(), name).toBeVisible();
      // What measures itself, like charts, follows a frame later.
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      );
      expect.soft(await violations(page, rules, state.floats ? ["region"] : []), name).toEqual([]);
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect.soft(tooWide, name).toBeLessThanOrEqual(0);
    }
    expect(complaints).toEqual([]);
  });
}
