import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type OpenOptions, type OpenPanel, openPanels, type Panels } from "./support/panels.ts";

let panels: Panels;
let panel: OpenPanel;
beforeAll(async () => {
  panels = await openPanels();
}, 60_000);
afterAll(() => panels.close());
afterEach(() => panel.page.close());

const open = async (options?: OpenOptions) => {
  panel = await panels.open("run", options);
  return panel.page;
};

describe("the progress panel", () => {
  it("stops after what is in flight, then at once, and resumes", async () => {
    const page = await open();
    await page.click("role=button[name='Stop']");
    await page.waitForSelector("text=Stopping: what is in flight finishes");
    expect(await page.isDisabled("role=button[name='Stop']")).toBe(true);
    await page.click("role=button[name='Stop Now']");
    expect((await panel.asked("stop")).map(({ params }) => params)).toEqual([{ now: false }, { now: true }]);
  });

  it("offers to resume a run that was stopped", async () => {
    const page = await open({ scene: "interrupted" });
    await page.click("role=button[name='Resume']");
    await page.waitForSelector("text=Running");
    expect(await page.locator("role=button[name='Resume']").count()).toBe(0);
  });

  it("says why a variant was dropped, in the table and in the log, and how many calls that saved", async () => {
    const page = await open({ scene: "early" });
    expect(await page.textContent(".numbers")).toContain("none yet");
    await panel.host("advance(80)");
    await page.waitForSelector(".race .is-dropped");
    const why =
      /After 74 rows question-first was .* points behind sandwich; the evidence against it .* reached 41 to 1/;
    expect(await page.textContent(".race .is-dropped")).toMatch(why);
    expect(await page.textContent(".log")).toMatch(why);
    expect(await page.textContent(".numbers")).toMatch(/6 calls/);
  });

  it("says what the race is about while it goes, and counts what it saved against a full run", async () => {
    const page = await open();
    expect((await page.textContent("#question"))?.replaceAll(/\s/g, " ")).toBe(
      "The verdict speaks of the rows of this dataset; chance of a wrong verdict at most 5 %; differences up to 2 points do not count. A variant is dropped when the evidence against it is complete.",
    );
    expect(await page.textContent(".numbers")).toMatch(/164 calls \(16\s% of a full run so far\)/);
    expect(await page.locator("role=button[name='Add Layouts…']").count()).toBe(0);
  });

  it("lets layouts join a run that is over", async () => {
    const page = await open({ scene: "finished" });
    await page.click("role=button[name='Add Layouts…']");
    expect(await panel.asked("addLayouts")).toHaveLength(1);
    expect(await page.textContent(".numbers")).not.toContain("so far");
  });

  it("puts into words what requests wait for", async () => {
    const page = await open();
    expect(await page.textContent(".waits")).toMatch(
      /24 requests of openai:gpt-4.1-mini\s+wait for the request limit of openai; free in 23/,
    );
  });

  it("names what is out of bounds in one calm notice, and nothing before", async () => {
    const page = await open({ scene: "early" });
    expect(await page.locator("ul.alerts").count()).toBe(0);
    await panel.host("advance(120)");
    await page.waitForSelector("ul.alerts");
    expect(await page.locator("ul.alerts li").allTextContents()).toEqual([
      expect.stringMatching(/^openai:gpt-4.1-mini: 58 of 512 requests could not be read \(11.3 %\)/),
      expect.stringMatching(/^The cache is 84 % full: raise its size limit/),
    ]);
    expect(await page.locator("[role=alert]").count()).toBe(0);
  });

  it("pauses a model", async () => {
    const page = await open();
    await page.click("role=button[name='Pause openai:gpt-4.1-mini']");
    expect(await panel.asked("pauseModel")).toEqual([
      { name: "pauseModel", params: { model: "openai:gpt-4.1-mini", paused: true } },
    ]);
  });

  it("shows the verdict and the way to the metrics when the run ends", async () => {
    const page = await open();
    await panel.host("end()");
    await page.waitForSelector("text=Finished");
    expect(await page.textContent(".verdict-line")).toContain("sandwich wins on this dataset");
    await page.click("role=button[name='Open Metrics']");
    expect(await panel.asked("openResults")).toHaveLength(1);
  });

  it("shows a warning once", async () => {
    const page = await open({ scene: "early" });
    await panel.host("warn('the quota is nearly used')");
    await panel.host("warn('the quota is nearly used')");
    await page.waitForSelector(".banner.warning");
    expect(await page.locator(".banner.warning").count()).toBe(1);
  });

  it("says what went wrong when the editor cannot answer, and that there is nothing", async () => {
    const page = await open({ scene: "failing" });
    expect(await page.textContent("#root")).toContain("the store cannot be read");
    expect(await page.textContent(".empty")).toContain("Nothing to watch");
  });

  it("shows a run that is over as it was at its end: numbers, mode, curves, and nothing to pause", async () => {
    const page = await open({ scene: "finished" });
    expect(await page.textContent(".chip")).toBe("adaptive");
    expect(await page.textContent(".numbers")).toContain("Prompt tokens");
    expect(await page.locator("time-chart canvas").count()).toBe(2);
    await page.click("text=As a table");
    const rows = await page.locator("table[aria-label], details table").locator("tbody tr").count();
    expect(rows).toBeGreaterThan(5);
    expect(await page.locator("role=button[name=/^Pause/]").count()).toBe(0);
    expect(await page.textContent(".race")).toContain("not dropped");
    expect(await page.textContent(".race")).not.toContain("in the race");
  });

  it("redraws at most ten times a second under a thousand views a second", async () => {
    const page = await open({ scene: "early" });
    const { drawn, tookMs } = await page.evaluate<{ drawn: number; tookMs: number }>(`(async () => {
      let drawn = 0;
      const seen = new MutationObserver(() => { drawn += 1; });
      seen.observe(document.querySelector(".numbers"), { subtree: true, childList: true, characterData: true });
      const begun = performance.now();
      const end = begun + 2000;
      while (performance.now() < end) {
        host.flood(10);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { drawn, tookMs: performance.now() - begun };
    })()`);
    expect(drawn).toBeGreaterThan(5);
    expect(drawn).toBeLessThanOrEqual(tookMs / 100 + 1);
  });

  it("moves nothing about while numbers count", async () => {
    const page = await open();
    const shift = await page.evaluate<number>(`(async () => {
      let shift = 0;
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) shift += entry.value; }).observe({ type: "layout-shift", buffered: false });
      let changed = performance.now();
      new MutationObserver(() => { changed = performance.now(); }).observe(document.body, { subtree: true, childList: true, characterData: true });
      host.advance(211);
      while (performance.now() - changed < 700) await new Promise((resolve) => setTimeout(resolve, 50));
      shift = 0;
      for (let row = 212; row < 240; row++) {
        host.advance(row);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return shift;
    })()`);
    expect(shift).toBeLessThan(0.01);
  });

  it("speaks at most once in five seconds", async () => {
    const page = await open({ scene: "early" });
    const said = await page.evaluate<string[]>(`(async () => {
      const said = [];
      const region = document.querySelector("[aria-live=polite]");
      new MutationObserver(() => said.push(region.textContent)).observe(region, { subtree: true, childList: true, characterData: true });
      for (const row of [60, 80, 200]) {
        host.advance(row);
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      return said;
    })()`);
    expect(said).toEqual(["After 50 rows all five layouts are still in the race."]);
  });

  it("draws its curves, and keeps them for a reload", async () => {
    const page = await open();
    const kept = () => page.evaluate<number>("acquireVsCodeApi().getState()?.history?.at.length ?? 0");
    let row = 210;
    // A point is drawn for each view and kept now and then.
    await expect
      .poll(
        async () => {
          row += 5;
          if (row <= 235) await panel.host(`advance(${row})`);
          return kept();
        },
        { interval: 150 },
      )
      .toBeGreaterThanOrEqual(4);
    await page.waitForSelector("time-chart canvas");
  });
});
