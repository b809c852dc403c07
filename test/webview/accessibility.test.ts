import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PanelName } from "../../scripts/panels/serve.ts";
import { type ThemeName, themes } from "../../scripts/panels/themes.ts";
import { openPanels, type Panels } from "./support/panels.ts";

let panels: Panels;
beforeAll(async () => {
  panels = await openPanels();
}, 60_000);
afterAll(() => panels.close());

interface View {
  readonly panel: PanelName;
  readonly scene: string;
  readonly name: string;
  readonly prepare?: (page: Page) => Promise<void>;
}

const resultsTab = (tab: string, more?: (page: Page) => Promise<void>): View => ({
  panel: "results",
  scene: "full",
  name: `results-${tab}`,
  async prepare(page) {
    await page.click(`#results-tab-${tab}`);
    await page.waitForFunction(() => document.querySelector(".tab-panel .loading") === null);
    await more?.(page);
  },
});

const views: readonly View[] = [
  { panel: "preview", scene: "full", name: "preview" },
  { panel: "preview", scene: "trimmed", name: "preview-trimmed" },
  { panel: "preview", scene: "packed", name: "preview-packed" },
  { panel: "preview", scene: "problem", name: "preview-problem" },
  {
    panel: "preview",
    scene: "full",
    name: "preview-pair",
    async prepare(page) {
      await page.click("#beside-button");
      await page.click("role=menuitemradio[name='question-first']");
      await page.waitForSelector(".pair");
    },
  },
  {
    panel: "run",
    scene: "full",
    name: "run",
    async prepare(page) {
      await page.evaluate("for (let i = 60; i < 210; i += 5) setTimeout(() => host.advance(i), i * 4)");
      await page.waitForSelector("time-chart canvas");
      await page.waitForTimeout(900);
    },
  },
  { panel: "run", scene: "finished", name: "run-finished" },
  { panel: "run", scene: "empty", name: "run-empty" },
  {
    panel: "results",
    scene: "full",
    name: "results",
    async prepare(page) {
      await page.selectOption("#other-run", { index: 1 });
      await page.waitForSelector("compare-runs table");
      await page.locator("#chart-accuracy details").evaluate((details) => details.setAttribute("open", ""));
    },
  },
  { panel: "results", scene: "models", name: "results-models" },
  { panel: "results", scene: "empty", name: "results-empty" },
  resultsTab("errors", async (page) => {
    await page.click("#trial-2");
    await page.waitForSelector(".trial-detail h2");
  }),
  resultsTab("confusion"),
  resultsTab("layouts"),
  resultsTab("positions"),
  resultsTab("requests"),
  resultsTab("decisions"),
];

describe.each(Object.keys(themes) as ThemeName[])("in the %s theme", (theme) => {
  it.each(views)(
    "the $name has no serious fault, wide or narrow",
    { timeout: 30_000 },
    async ({ panel, scene, name, prepare }) => {
      const open = await panels.open(panel, { theme, scene });
      await prepare?.(open.page);
      for (const width of [1200, 400]) {
        await open.page.setViewportSize({ width, height: 800 });
        // A frame for the layout, one for what watches sizes.
        await open.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        await open.picture(`${name} ${theme} ${width}`);
        expect(await open.seriousFaults(), `at ${width}`).toEqual([]);
        const overflow = await open.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, `scrolls sideways at ${width}`).toBeLessThanOrEqual(0);
      }
      expect(open.faults).toEqual([]);
      await open.page.close();
    },
  );
});
