import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decisionsUpTo, rows, summary, trialRow } from "../../../scripts/panels/host/runData.ts";
import { listedPage } from "../../../src/protocol/resultsPanel.ts";
import { firstTrials } from "../../../src/webview/results/state.ts";
import { confusionMatrix } from "../../../src/webview/results/tabs/matrix.ts";
import { standingAt } from "../../../src/webview/results/tabs/standing.ts";
import { pageSize, queryOf } from "../../../src/webview/results/trials/query.ts";
import { headHeight, rowHeight, rowsInSight, scrollToSee } from "../../../src/webview/results/trials/rowWindow.ts";
import { scopeWords } from "../../../src/webview/results/verdict.ts";

describe("a page of trials on its way to the panel", () => {
  it("carries no responses, which may be megabytes, and no more rows than a screen and a half", () => {
    const row = { ...trialRow(0, 1), rawResponse: "x".repeat(100_000), segment: "text" };
    const page = listedPage({ rows: [row], next: "a", total: 7 });
    expect(JSON.stringify(page).length).toBeLessThan(1000);
    expect(page).toMatchObject({ rows: [{ variant: 0, position: 1, segment: "text" }], next: "a", total: 7 });
    expect(pageSize).toBeLessThanOrEqual(60);
  });
});

describe("a query of trials", () => {
  it("asks for nothing in particular when nothing was chosen", () => {
    expect(queryOf("r", { ...firstTrials, outcome: "all" })).toEqual({
      filter: { run: "r" },
      sort: "position",
      descending: false,
      limit: 60,
    });
  });

  it("counts what could not be had among the failed, and goes on behind the last page", () => {
    const query = queryOf(
      "r",
      { ...firstTrials, outcome: "failed", variant: 0, search: "x", expected: "a" },
      { after: "c" },
    );
    expect(query).toMatchObject({
      after: "c",
      filter: { variants: [0], states: ["failed", "void"], search: "x", expected: "a" },
    });
    expect(query.filter).not.toHaveProperty("outcome");
  });
});

describe("a confusion matrix", () => {
  const cells = [
    { expected: "b", prediction: "b", count: 8 },
    { expected: "b", prediction: "other", count: 2 },
    { expected: "a", prediction: "b", count: 3 },
  ];

  it("keeps the labels' own order and puts other answers after them", () => {
    const matrix = confusionMatrix(cells, ["a", "b", "c"]);
    expect(matrix.labels).toEqual(["a", "b", "other"]);
    expect(matrix.counts).toEqual([
      [0, 3, 0],
      [0, 8, 2],
      [0, 0, 0],
    ]);
    expect(matrix.totals).toEqual([3, 10, 0]);
  });

  it("lists what was taken for something else, most often first", () => {
    expect(confusionMatrix(cells, []).pairs).toEqual([
      { expected: "a", prediction: "b", count: 3, share: 1 },
      { expected: "b", prediction: "other", count: 2, share: 0.2 },
    ]);
  });
});

describe("the race replayed", () => {
  const log = decisionsUpTo(rows).map(({ model, decision }) => ({ ...decision, model }));
  const { variants } = summary();

  it("drops a variant from its decision on, not before", () => {
    const dropped = (step: number) =>
      standingAt(log, step, variants).filter(({ status }) => status === "dropped").length;
    expect([0, 1, 2, 3].map(dropped)).toEqual([0, 1, 2, 2]);
  });

  it("keeps a dropped variant's last mean and says since when", () => {
    const last = standingAt(log, 3, variants).find(({ id }) => id.startsWith("question-first"));
    expect(last).toMatchObject({ status: "dropped", since: 74 });
    expect(last?.mean).toBeCloseTo(0.6757, 3);
  });

  it("has nothing to say of a step that is not there", () => {
    expect(standingAt(log, 99, variants)).toEqual([]);
  });
});

describe("rows in sight", () => {
  const viewport = fc.record({
    scrollTop: fc.nat(4_000_000),
    height: fc.integer({ min: 60, max: 2_000 }),
    total: fc.integer({ min: 1, max: 170_000 }),
  });

  it("are few, and every row that can be seen is among them", () => {
    fc.assert(
      fc.property(viewport, (view) => {
        const [first, last] = rowsInSight(view);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(last).toBeLessThan(view.total);
        expect(last - first).toBeLessThan(view.height / rowHeight + 30);
        const seen = Math.floor((view.scrollTop + view.height / 2) / rowHeight);
        if (seen < view.total) expect(seen >= first && seen <= last).toBe(true);
      }),
    );
  });

  it("include a row after scrolling to it, with the least movement", () => {
    fc.assert(
      fc.property(viewport, fc.nat(169_999), (view, wanted) => {
        const row = Math.min(wanted, view.total - 1);
        const top = scrollToSee(row, view);
        expect(row * rowHeight).toBeGreaterThanOrEqual(top);
        expect(headHeight + (row + 1) * rowHeight).toBeLessThanOrEqual(top + view.height + 1e-9);
        expect(scrollToSee(row, { ...view, scrollTop: top })).toBe(top);
      }),
    );
  });
});

describe("what a verdict rests on", () => {
  const { verdict } = summary();

  it("never speaks of both scopes", () => {
    expect(scopeWords(verdict)).toContain("the rows of this dataset only");
    expect(scopeWords({ ...verdict, scope: "population" })).not.toContain("dataset");
  });

  it("claims no error rate where the mode gives none", () => {
    expect(scopeWords({ ...verdict, guaranteed: false })).toContain("no bound");
    expect(scopeWords({ ...verdict, guaranteed: false })).not.toContain("at most");
  });

  it("says how many more rows it would take", () => {
    expect(scopeWords({ ...verdict, moreTrials: 1200 })).toContain("About 1,200 more rows would be needed.");
  });
});
