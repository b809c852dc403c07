import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SavedFile } from "../../src/protocol/resultsPanel.ts";
import { type OpenOptions, type OpenPanel, openPanels, type Panels } from "./support/panels.ts";

let panels: Panels;
let panel: OpenPanel;
beforeAll(async () => {
  panels = await openPanels();
}, 60_000);
afterAll(() => panels.close());
afterEach(() => panel.page.close());

const open = async (options?: OpenOptions, tab?: string) => {
  panel = await panels.open("results", options);
  if (tab !== undefined) await panel.page.click(`#results-tab-${tab}`);
  return panel.page;
};

const lastQuery = async () => (await panel.asked("trials")).at(-1)?.params;

describe("the results overview", () => {
  it("states the verdict with its scope and error rate first", async () => {
    const page = await open();
    const verdict = await page.textContent(".verdict");
    expect(verdict).toContain("Winner: sandwich");
    expect(verdict).toContain("It speaks of the rows of this dataset only; chance of a wrong verdict at most 5");
  });

  it("sorts the leaderboard by any column, either way, unknown last", async () => {
    const page = await open();
    const first = () => page.textContent("#results-panel tbody tr:first-child th");
    expect(await first()).toContain("sandwich");
    await page.click("th >> text=Accuracy");
    expect(await page.getAttribute("th:has-text('Accuracy')", "aria-sort")).toBe("ascending");
    expect(await first()).toContain("question-first");
    await page.click("th >> text=Variant");
    expect(await first()).toContain("minimal-system");
  });

  it("draws every chart with its numbers as a table, and saves both", async () => {
    const page = await open();
    for (const name of ["accuracy", "differences", "price"]) {
      await page.waitForSelector(`#chart-${name} svg`);
      expect(await page.locator(`#chart-${name} details tbody tr`).count()).toBeGreaterThan(3);
    }
    await page.click("role=button[name='Save “Accuracy” as SVG']");
    await page.click("role=button[name='Save “Accuracy” as CSV']");
    await page.click("role=button[name='Save “Accuracy” as PNG']");
    await expect.poll(async () => (await panel.asked("save")).length).toBe(3);
    const saved = (await panel.asked("save")).map(({ params }) => params as SavedFile);
    expect(saved.map(({ name }) => name)).toEqual(["accuracy.svg", "accuracy.csv", "accuracy.png"]);
    const picture = Buffer.from(saved[2]?.text ?? "", "base64");
    expect(saved[2]?.encoding).toBe("base64");
    expect(picture.subarray(1, 4).toString()).toBe("PNG");
    // Twice as wide as on the page: the header of a PNG says so.
    const { width = 0 } = (await page.locator("#chart-accuracy svg").boundingBox()) ?? {};
    expect(picture.readUInt32BE(16)).toBe(Math.round(2 * width));
    // Neither empty nor of one colour.
    expect(picture.length).toBeGreaterThan(4000);
    expect(saved[0]?.text).toMatch(/^<svg .*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(saved[0]?.text).not.toContain("var(");
    expect(saved[1]?.text.split("\r\n")[1]).toMatch(/^sandwich\/openai:gpt-4.1-mini,0\.83/);
  });

  it("decides again with another margin, without a call", async () => {
    const page = await open();
    await page.focus("#margin");
    for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowRight");
    await page.waitForSelector(".what-if-verdict >> text=within 4 points of each other");
    expect((await panel.asked("redecide")).at(-1)?.params).toEqual({ equivalence: 0.04 });
  });

  it("stands another run beside this one and tests each variant", async () => {
    const page = await open({}, "compare");
    await page.selectOption("#other-run", "20261118-080000-9e0d");
    await page.waitForSelector("compare-runs tbody tr:nth-child(5) >> text=cannot tell");
    expect(await panel.asked("compare")).toHaveLength(5);
    expect(await page.textContent("#pairing")).toMatch(/^\s*Paired by example id: both sides have the same rows\./);
  });

  it("turns to another run", async () => {
    const page = await open();
    await page.selectOption("#run", "20261120-171200-11c2");
    expect(await panel.asked("showRun")).toEqual([{ name: "showRun", params: { run: "20261120-171200-11c2" } }]);
    expect(await page.inputValue("#run")).toBe("20261120-171200-11c2");
  });

  it("says so when nothing was scored, and when the store fails", async () => {
    const page = await open({ scene: "empty" });
    expect(await page.textContent(".empty")).toContain("No trial has been scored yet");
    await page.close();
    const failing = await open({ scene: "failing" });
    expect(await failing.textContent(".banner.error")).toContain("the store cannot be read");
  });

  it("keeps tab, filters and the chosen trial over a reload", async () => {
    const page = await open({}, "errors");
    await page.selectOption("#outcome", "unparsable");
    await page.click("#trial-1");
    await page.waitForSelector(".trial-detail h2");
    const title = await page.textContent(".trial-detail h2");
    await page.reload();
    await page.waitForSelector(".trial-detail h2");
    expect(await page.textContent(".trial-detail h2")).toBe(title);
    expect(await page.inputValue("#outcome")).toBe("unparsable");
  });
});

describe("two runs beside each other", () => {
  it("are held against the noise of a third that asked everything twice", async () => {
    const page = await open({}, "compare");
    expect(await page.locator("#noise-run").count()).toBe(0);
    await page.selectOption("#other-run", "20261118-080000-9e0d");
    await page.selectOption("#noise-run", "20261120-171200-11c2");
    await page.waitForSelector("text=above noise of 0.8 points >> nth=0");
    await page.waitForSelector("text=within noise of 0.8 points >> nth=0");
    expect((await panel.asked("compare")).at(-1)?.params).toMatchObject({
      run: "20261118-080000-9e0d",
      noise: "20261120-171200-11c2",
    });
    // A run that measured its own needs no other.
    await page.selectOption("#other-run", "20261120-171200-11c2");
    await page.waitForSelector("#noise-run", { state: "detached" });
  });
});

describe("terms of the trade", () => {
  it("are explained on focus and hover, to everybody, and Escape hides it", async () => {
    const page = await open({}, "calibration");
    for (const name of ["Error (ECE)", "Brier", "Temperature"]) {
      const term = page.getByRole("button", { name, exact: true });
      const meaning = await term.getAttribute("aria-description");
      expect(meaning?.length).toBeGreaterThan(40);
      await term.focus();
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Tab");
      await page.waitForSelector(".tip:popover-open");
      expect(await page.textContent(".tip")).toBe(meaning);
      const box = await page.locator(".tip").boundingBox();
      expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= 1200).toBe(true);
      await page.keyboard.press("Escape");
      await page.waitForSelector(".tip", { state: "hidden" });
    }
    await page.hover("role=button[name='Brier']");
    await page.waitForSelector(".tip:popover-open");
    await panel.picture("term");
    await page.mouse.move(5, 5);
    await page.waitForSelector(".tip", { state: "hidden" });
  });
});

describe("prefix caching", () => {
  it("shows no columns of nothing for models that are free", async () => {
    const page = await open({ scene: "free" }, "layouts");
    const table = "section[aria-labelledby=prefixes]";
    expect(await page.textContent(table)).toContain("These models are free");
    expect(await page.locator(`${table} thead th`).allTextContents()).toEqual([
      "Variant",
      "Same for all",
      "Servable",
      "Served",
    ]);
    await page.close();
    const paid = await open({}, "layouts");
    expect(await paid.locator(`${table} thead th`).count()).toBe(6);
  });
});

describe("error patterns", () => {
  it("stand beside the browser and show their rows in it, and come back after a reload", async () => {
    const page = await open({ scene: "patterns" }, "errors");
    const first = page.locator(".pattern").first();
    expect(await page.textContent(".patterns h3")).toBe("Wrong under every variant");
    expect(await first.textContent()).toContain("expected is parking_fine");
    await first.click();
    await expect.poll(lastQuery).toMatchObject({ filter: { outcome: "wrong", positions: expect.any(Array) } });
    const { filter } = (await lastQuery()) as { readonly filter: { readonly positions: readonly number[] } };
    expect(filter.positions.every((position) => position % 10 === 7)).toBe(true);
    await page.waitForSelector("#trial-0 >> text=parking_fine");
    const found = await page.textContent(".found");
    await page.reload();
    await page.waitForSelector("#trial-0 >> text=parking_fine");
    expect(await page.textContent(".found")).toBe(found);
    expect(await page.getAttribute(".pattern >> nth=0", "aria-pressed")).toBe("true");
    await page.click(".pattern-chip");
    await expect.poll(lastQuery).not.toHaveProperty("filter.positions");
  });

  it("find nothing in answers without a reason, and say so", async () => {
    const page = await open({ scene: "empty" }, "errors");
    await page.waitForSelector(".pattern-note");
    expect(await page.textContent(".pattern-note")).toMatch(/^Nothing that rows have in common/);
  });

  it("fold away, and stay so", async () => {
    const page = await open({ scene: "patterns" }, "errors");
    await page.waitForSelector(".pattern");
    await page.click(".patterns summary");
    await expect.poll(() => page.locator(".pattern").first().isVisible()).toBe(false);
    // The browser tells of the fold a moment later, and only then is it kept.
    await page.waitForFunction(() => Object.values(sessionStorage).join().includes('"patternsOpen":false'), undefined, {
      timeout: 8000,
    });
    await page.reload();
    await page.waitForSelector("#trial-0");
    expect(await page.locator(".pattern").first().isVisible()).toBe(false);
  });
});

describe("what is worked out of a run", () => {
  it("judges confidences and draws them against the diagonal", async () => {
    const page = await open({}, "calibration");
    await page.waitForSelector("#chart-reliability svg .chart-reference");
    expect(await page.locator("#results-panel .table").first().textContent()).toContain("too few to judge");
    const before = await page.textContent("#chart-reliability .muted");
    await page.selectOption("#calibration-variant", { index: 1 });
    await expect.poll(() => page.textContent("#chart-reliability .muted")).not.toBe(before);
  });

  it("says whether what a layout does depends on the model", async () => {
    const page = await open({ scene: "models" }, "models");
    await page.waitForSelector("#chart-models svg");
    expect(await page.textContent("#results-panel")).toMatch(/what a layout does depends on the model \(F\(/i);
    expect(await page.locator("#chart-models .heat-box").count()).toBe(10);
  });

  it("draws the requests over time, each chart with its table", async () => {
    const page = await open({}, "requests");
    for (const name of ["throughput", "latency", "queue-wait", "tokens", "graphics-memory"]) {
      await page.waitForSelector(`#chart-${name} svg path.xy-line`, { state: "attached" });
      expect(await page.locator(`#chart-${name} details tbody tr`).count()).toBe(44);
    }
  });

  it("stands any number of runs side by side, corrected over all pairs", async () => {
    const page = await open({}, "compare");
    expect(await panel.asked("sideBySide")).toEqual([]);
    await page.click("#add-side");
    await page.click("#add-side");
    await page.waitForSelector("text=C − B");
    await page.selectOption("#side-variant-1", { label: "recency" });
    await expect
      .poll(async () => (await panel.asked("sideBySide")).at(-1)?.params)
      .toEqual({
        sides: [
          { run: "20261121-093015-7f3a" },
          { run: "20261120-171200-11c2", variant: "recency/openai:gpt-4.1-mini" },
          { run: "20261118-080000-9e0d" },
        ],
      });
    await page.click("#results-panel .link >> nth=0");
    await page.waitForSelector(".trial-detail h2");
    expect(await page.getAttribute("#results-tab-errors", "aria-selected")).toBe("true");
  });

  it("keeps the place in each tab and in the list over a reload", async () => {
    const page = await open({ scene: "many" }, "errors");
    await page.waitForSelector("#trial-0");
    await page.locator(".trial-grid").evaluate((grid) => grid.scrollTo({ top: 240_000 }));
    await page.waitForSelector("#trial-10005:not(.is-waiting)");
    await page.waitForFunction(() => Object.values(sessionStorage).join().includes(":240000"));
    await page.click("#results-tab-overview");
    await page.waitForSelector("#chart-tokens-per-right svg");
    await page.locator("#results-panel").evaluate((tab) => tab.scrollTo({ top: 300 }));
    await page.waitForFunction(() => /"overview":[1-9]/.test(Object.values(sessionStorage).join()));
    await page.reload();
    await page.waitForSelector("#chart-tokens-per-right svg");
    // Give or take what the browser does to keep the text in sight still.
    await expect
      .poll(async () => Math.abs((await page.locator("#results-panel").evaluate((tab) => tab.scrollTop)) - 300))
      .toBeLessThan(5);
    await page.click("#results-tab-errors");
    await page.waitForSelector("#trial-10005:not(.is-waiting)");
  });
});

describe("the error browser", () => {
  it("filters in the store and says how many were found", async () => {
    const page = await open({}, "errors");
    await page.waitForSelector("#trial-0");
    expect(await lastQuery()).toMatchObject({ filter: { outcome: "wrong" }, limit: 60, sort: "position" });
    await page.selectOption("#variant", { label: "sandwich" });
    await page.selectOption("#expected", "lost_item");
    await page.selectOption("#outcome", "unparsable");
    await expect.poll(lastQuery).toMatchObject({
      filter: { variants: [2], expected: "lost_item", states: ["unparsable"] },
    });
    await page.click("role=button[name='Clear filters']");
    await expect.poll(() => page.textContent(".found")).toBe("1,276 trials");
    expect(await lastQuery()).not.toHaveProperty("filter.expected");
  });

  it("searches once typing has stopped", async () => {
    const page = await open({}, "errors");
    await page.waitForSelector("#trial-0");
    const before = (await panel.asked("trials")).length;
    await page.locator("#search").pressSequentially("rucksack", { delay: 15 });
    await expect.poll(lastQuery).toMatchObject({ filter: { search: "rucksack" } });
    expect((await panel.asked("trials")).length).toBe(before + 1);
    await page.locator("#search").fill("no such thing anywhere");
    await page.waitForSelector("text=No trial is like that");
  });

  it("sorts in the store", async () => {
    const page = await open({}, "errors");
    await page.click("[role=columnheader] >> text=Expected");
    await expect.poll(lastQuery).toMatchObject({ sort: "expected", descending: false });
    await page.click("[role=columnheader] >> text=Expected");
    await expect.poll(lastQuery).toMatchObject({ sort: "expected", descending: true });
    expect(await page.getAttribute("[role=columnheader]:has-text('Expected')", "aria-sort")).toBe("descending");
  });

  it("goes through trials with the keyboard alone, down to the prompt", async () => {
    const page = await open({}, "errors");
    await page.waitForSelector("#trial-0");
    await page.focus(".trial-grid");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    expect(await page.getAttribute(".trial-grid", "aria-activedescendant")).toBe("trial-1");
    await page.waitForSelector(".trial-detail h2");
    await page.keyboard.press("End");
    await page.waitForSelector("#trial-276.is-active");
    expect(await page.getAttribute(".trial-grid", "aria-rowcount")).toBe("278");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.className")).toBe("trial-detail");
    expect(await page.textContent(".trial-detail")).toContain("Segment");
  });

  it("holds few rows in the page and few pages in memory, and scrolls to the end of 170,000 without gaps", {
    timeout: 60_000,
  }, async () => {
    const page = await open({ scene: "many" }, "errors");
    await page.selectOption("#outcome", "all");
    await page.waitForSelector("text=170,000 trials", { timeout: 20_000 });
    await page.focus(".trial-grid");
    await page.keyboard.press("ArrowDown");
    for (let i = 0; i < 30; i++) await page.keyboard.press("PageDown");
    await expect.poll(() => page.locator(".trial-body.is-waiting").count()).toBe(0);
    expect(await page.locator(".trial-body").count()).toBeLessThan(80);
    await page.keyboard.press("End");
    await page.waitForSelector("#trial-169999.is-active:not(.is-waiting)", { timeout: 40_000 });
    await expect.poll(() => page.locator(".trial-body.is-waiting").count()).toBe(0);
    const heap = await page.evaluate<number>("performance.memory.usedJSHeapSize");
    // The made-up store lives in this page as well, with all its 170,000 rows.
    expect(heap).toBeLessThan(400 * 1024 * 1024);
  });

  it("shows one row under every variant, and the difference of two answers in the editor", async () => {
    const page = await open({}, "errors");
    await page.click("#trial-0");
    await page.waitForSelector(".trial-detail h2");
    expect(await page.locator("section[aria-labelledby=row-variants] tbody tr").count()).toBe(5);
    await page.click("section[aria-labelledby=row-variants] button:has-text('Diff')");
    await page.click("role=button[name='Open Row']");
    expect(await panel.asked("diff")).toHaveLength(1);
    expect(await panel.asked("openRow")).toEqual([
      { name: "openRow", params: { file: "/projects/data/support.csv", line: 2 } },
    ]);
    await page.click("section[aria-labelledby=row-variants] .link >> nth=0");
    await page.waitForFunction(() => document.querySelectorAll(".is-current").length === 1);
  });

  it("shows a hostile answer of ten megabytes as text, cut short", async () => {
    const page = await open({ scene: "hostile" }, "errors");
    await page.click("#trial-0");
    await page.waitForSelector(".raw");
    expect(await page.textContent(".raw")).toContain("<script>window.hacked=true</script>");
    expect((await page.textContent(".raw"))?.length).toBe(20_000);
    expect(await page.textContent("section[aria-labelledby=raw-response]")).toMatch(/10,\d{3},\d{3} more characters/);
    expect(await page.evaluate("window.hacked")).toBeUndefined();
    expect(await page.locator("#root img, #root script").count()).toBe(0);
    await page.click("role=button[name='Open in Editor']");
    // The request holds the ten megabytes, so it is looked at where it is.
    await expect.poll(() => page.evaluate("host.asked.at(-1).name"), { timeout: 5_000 }).toBe("openText");
  });
});

describe("the other tabs", () => {
  it("leads from a confused pair to its trials", async () => {
    const page = await open({}, "confusion");
    await page.click(".matrix td.wrong button >> nth=0");
    await page.waitForSelector("trial-browser");
    await expect.poll(lastQuery).toMatchObject({ filter: { variants: [0], expected: "unlock_failed" } });
    expect(await lastQuery()).not.toHaveProperty("filter.outcome");
  });

  it("draws accuracy by place, of the segment or by a column, with a table that says the same", async () => {
    const page = await open({}, "positions");
    await page.waitForSelector("#chart-positions svg .curve");
    expect(await page.locator("#chart-positions svg .curve").count()).toBe(5);
    await page.selectOption("#position-column", "gold_position");
    await page.waitForSelector("#chart-positions svg text:has-text('gold_position')");
    expect(await page.locator("#chart-positions tbody tr").count()).toBe(40);
    expect((await panel.asked("positions")).map(({ params }) => params)).toEqual([{}, { column: "gold_position" }]);
  });

  it("replays the race decision by decision", async () => {
    const page = await open({}, "decisions");
    const dropped = () => page.locator("section[aria-labelledby=replay] .is-dropped").count();
    await page.waitForSelector("#step");
    expect(await dropped()).toBe(2);
    await page.click("role=button[name='Decision before']");
    await page.click("role=button[name='Decision before']");
    expect(await dropped()).toBe(1);
    await page.focus("#step");
    await page.keyboard.press("Home");
    expect(await dropped()).toBe(0);
    expect(await page.textContent("section[aria-labelledby=replay]")).toContain("After 50 rows");
  });

  it("moves between tabs with the arrow keys", async () => {
    const page = await open();
    await page.focus("#results-tab-overview");
    await page.keyboard.press("ArrowLeft");
    expect(await page.getAttribute("#results-tab-compare", "aria-selected")).toBe("true");
    await page.keyboard.press("Home");
    expect(await page.getAttribute("#results-tab-overview", "aria-selected")).toBe("true");
  });
});
