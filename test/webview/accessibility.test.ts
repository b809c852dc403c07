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

const resultsTab = (
  tab: string,
  { scene = "full", more }: { readonly scene?: string; readonly more?: (page: Page) => Promise<void> } = {},
): View => ({
  panel: "results",
  scene,
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
  { panel: "run", scene: "failing", name: "run-failing" },
  {
    panel: "results",
    scene: "full",
    name: "results",
    async prepare(page) {
      await page.waitForSelector("#chart-tokens-per-right svg");
      await page.locator("#chart-accuracy details").evaluate((details) => details.setAttribute("open", ""));
    },
  },
  { panel: "results", scene: "models", name: "results-models" },
  { panel: "results", scene: "empty", name: "results-empty" },
  resultsTab("errors", {
    scene: "patterns",
    async more(page) {
      await page.click(".pattern >> nth=0");
      await page.click("#trial-2");
      await page.waitForSelector(".trial-detail h2");
    },
  }),
  resultsTab("calibration", {
    async more(page) {
      await page.locator("#chart-reliability details").evaluate((details) => details.setAttribute("open", ""));
    },
  }),
  resultsTab("confusion"),
  resultsTab("models", { scene: "models" }),
  resultsTab("length"),
  resultsTab("layouts"),
  resultsTab("positions"),
  resultsTab("requests"),
  resultsTab("decisions"),
  resultsTab("compare", {
    async more(page) {
      await page.click("#add-side");
      await page.click("#add-side");
      await page.selectOption("#other-run", { index: 1 });
      await page.waitForSelector("compare-runs table");
      await page.waitForSelector("text=C − B");
    },
  }),
];

/** Runs of other kinds; every tab of theirs is looked at, without a picture of each. */
const scenes = ["empty", "one", "live", "many", "failed", "hostile"];

describe("a run that is empty, small, going, huge, failed or hostile", () => {
  it.each(scenes)("has no serious fault in any tab: %s", { timeout: 90_000 }, async (scene) => {
    const open = await panels.open("results", { theme: "dark", scene });
    const tabs = await open.page.locator("[role=tab]").evaluateAll((found) => found.map(({ id }) => id));
    expect(tabs.length).toBeGreaterThan(9);
    for (const tab of tabs) {
      await open.page.setViewportSize({ width: 1200, height: 800 });
      await open.page.click(`#${tab}`);
      await open.page.waitForFunction(() => document.querySelector(".tab-panel .loading") === null);
      for (const width of [1200, 400]) {
        await open.page.setViewportSize({ width, height: 800 });
        await open.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        expect(await open.seriousFaults(), `${tab} at ${width}`).toEqual([]);
        const overflow = await open.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, `${tab} scrolls sideways at ${width}`).toBeLessThanOrEqual(0);
      }
    }
    expect(open.faults).toEqual([]);
    await open.page.close();
  });
});

describe("with the keyboard alone", () => {
  it("every tab of the results is reached, and every control in it has a visible focus", {
    timeout: 60_000,
  }, async () => {
    const { page, faults } = await panels.open("results", { scene: "patterns" });
    await page.focus("[role=tab][aria-selected=true]");
    const count = await page.locator("[role=tab]").count();
    for (let i = 0; i < count; i++) {
      const tab = await page.evaluate(() => document.activeElement?.id);
      expect(tab).toMatch(/^results-tab-/);
      await page.waitForFunction(() => document.querySelector(".tab-panel .loading") === null);
      // Into the panel and through its first controls, each of which shows that it has the focus; then back to the tab.
      for (let step = 0; step < 6; step++) {
        await page.keyboard.press("Tab");
        const focus = await page.evaluate(() => {
          const active = document.activeElement;
          if (active === null || active === document.body) return "end";
          const { outlineStyle, outlineWidth, borderStyle } = getComputedStyle(active);
          const inner = active.matches(".trial-grid");
          return inner || (outlineStyle !== "none" && outlineWidth !== "0px") || borderStyle !== "none"
            ? "seen"
            : active.outerHTML.slice(0, 200);
        });
        // Behind the last control the focus leaves the page.
        if (focus === "end" && step > 1) break;
        expect(focus, `${tab}, step ${step}`).toBe("seen");
      }
      await page.focus(`#${tab}`);
      await page.keyboard.press("ArrowRight");
    }
    // A pattern, then its first row, then its prompt: without a mouse.
    await page.click("#results-tab-errors");
    await page.waitForSelector(".pattern");
    await page.focus(".pattern");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#trial-0 >> text=parking_fine");
    await page.focus(".trial-grid");
    await page.keyboard.press("ArrowDown");
    await page.waitForSelector(".trial-detail h2");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("trial-detail");
    expect(faults).toEqual([]);
    await page.close();
  });
});

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
