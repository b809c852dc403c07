import { describe, expect, it } from "vitest";
import { placeText, positionCurves } from "../../../src/engine/analysis/positions.ts";

/** `rows` rows at a place, of which `right` are right. */
function at(place: number, rows: number, right: number) {
  return Array.from({ length: rows }, (_, i) => ({ at: place, score: i < right ? 1 : 0 }));
}

describe("positionCurves", () => {
  it("shows the dip in the middle, with Wilson intervals and Pearson's test", () => {
    const placed = [...at(0, 100, 90), ...at(1, 100, 60), ...at(2, 100, 85)];
    const [curve] = positionCurves([{ variant: "v", placed }], "column");
    expect(curve?.bins.map(({ from, to, rows, accuracy }) => [from, to, rows, accuracy])).toEqual([
      [0, 0, 100, 0.9],
      [1, 1, 100, 0.6],
      [2, 2, 100, 0.85],
    ]);
    // Wilson 1927 for 90 of 100, and the 2 x 3 table's chi-squared, by hand.
    expect(curve?.bins[0]?.interval[0]).toBeCloseTo(0.8256, 4);
    expect(curve?.bins[0]?.interval[1]).toBeCloseTo(0.9448, 4);
    const p = 235 / 300;
    const byHand = [90, 60, 85].reduce(
      (sum, k) => sum + (k - 100 * p) ** 2 / (100 * p) + (k - 100 * p) ** 2 / (100 * (1 - p)),
      0,
    );
    expect(curve?.test.statistic).toBeCloseTo(byHand, 10);
    expect(curve?.test.df).toBe(2);
    expect(curve?.test.pValue).toBeLessThan(1e-6);
    expect(curve?.explanation).toMatch(/^Place matters .*: 90 % at 0, 60 % at 1\.$/);
  });

  it("claims nothing from an even curve", () => {
    const placed = [0, 1, 2, 3].flatMap((place) => at(place, 50, 40 + (place % 2)));
    expect(positionCurves([{ variant: "v", placed }], "column")[0]?.explanation).toMatch(
      /^No effect of place is shown/,
    );
  });

  it("does not blame the place where it goes with the length", () => {
    const placed = [...at(0.2, 100, 90), ...at(0.6, 100, 60)];
    expect(positionCurves([{ variant: "v", placed }], "share")[0]?.explanation).toMatch(
      /^Accuracy differs by place .* differ in length too/,
    );
  });

  it("corrects for the number of variants", () => {
    const placed = [...at(0, 100, 80), ...at(1, 100, 68)];
    const pOf = (copies: number) =>
      positionCurves(
        Array.from({ length: copies }, (_, i) => ({ variant: `v${i}`, placed })),
        "column",
      )[0]?.test.pValue ?? 0;
    expect(pOf(3)).toBeCloseTo(3 * pOf(1), 10);
  });

  it("puts many places into bins of about equal size, equal places together", () => {
    const placed = Array.from({ length: 400 }, (_, i) => ({ at: Math.floor(i / 3) / 400, score: i % 2 }));
    const [curve] = positionCurves([{ variant: "v", placed }], "share");
    expect(curve?.bins).toHaveLength(8);
    expect(curve?.bins.reduce((sum, { rows }) => sum + rows, 0)).toBe(400);
    curve?.bins.slice(1).forEach((bin, i) => {
      expect(bin.from).toBeGreaterThan(curve.bins[i]?.to ?? 1);
    });
    expect(placeText(curve?.bins[0] ?? { from: 0, to: 0, rows: 0, accuracy: 0, interval: [0, 1] }, "share")).toBe(
      "0 % to 4 %",
    );
  });

  it("joins places with too few rows to their neighbours", () => {
    const placed = [...at(0, 30, 20), ...at(1, 4, 2), ...at(2, 30, 20), ...at(9, 3, 3)];
    expect(
      positionCurves([{ variant: "v", placed }], "column")[0]?.bins.map(({ from, to, rows }) => [from, to, rows]),
    ).toEqual([
      [0, 0, 30],
      [1, 9, 37],
    ]);
  });

  it("says so when there is nothing to compare", () => {
    const say = (placed: readonly { at: number; score: number }[]) =>
      positionCurves([{ variant: "v", placed }], "share")[0]?.explanation;
    expect(say([])).toBe("There are no scored rows.");
    expect(say(at(0.5, 40, 20))).toContain("always stands at 50 %");
    expect(say([...at(0.1, 3, 2), ...at(0.2, 3, 1)])).toBe("There are too few rows to compare places.");
    expect(
      positionCurves([{ variant: "v", placed: [...at(1, 20, 20), ...at(2, 20, 20)] }], "column")[0]?.test.pValue,
    ).toBe(1);
  });
});
