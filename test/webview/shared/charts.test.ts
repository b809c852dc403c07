import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sharedDomain } from "../../../src/webview/shared/charts/intervalBar.ts";
import { paretoFront } from "../../../src/webview/shared/charts/pareto.ts";
import { linearScale, niceTicks, spreadLabels } from "../../../src/webview/shared/charts/scale.ts";

const point = fc.record({ x: fc.nat(20), y: fc.nat(20) });

describe("the Pareto front", () => {
  it("holds no point that another beats on both sides, and every point off it is beaten or equalled", () => {
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 12 }), (points) => {
        const front = paretoFront(points).map((i) => points[i] as { x: number; y: number });
        const beats = (a: { x: number; y: number }, b: { x: number; y: number }) =>
          a.x <= b.x && a.y >= b.y && (a.x < b.x || a.y > b.y);
        for (const one of front) expect(points.some((other) => beats(other, one))).toBe(false);
        for (const one of points) expect(front.some((other) => other.x <= one.x && other.y >= one.y)).toBe(true);
      }),
    );
  });
});

describe("ticks", () => {
  it("are round, evenly spaced and cover the domain", () => {
    expect(niceTicks(0.53, 0.87, 6)).toEqual([0.5, 0.6, 0.7, 0.8, 0.9]);
    expect(niceTicks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        (low, span) => {
          const ticks = niceTicks(low, low + span, 5);
          expect(ticks.length).toBeGreaterThanOrEqual(2);
          expect(ticks.length).toBeLessThan(15);
          expect(ticks[0]).toBeLessThanOrEqual(low + span * 1e-6);
          expect(ticks.at(-1)).toBeGreaterThanOrEqual(low + span - span * 1e-6);
        },
      ),
    );
  });

  it("exist for a domain of one value", () => {
    const x = linearScale([3, 3], [0, 100]);
    expect(Number.isFinite(x(3))).toBe(true);
    expect(niceTicks(0, 0, 5).every(Number.isFinite)).toBe(true);
  });
});

describe("labels", () => {
  it("never cover each other where there is room for all", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 10 }), (places) => {
        const spread = [...spreadLabels(places, 14, 0, 200)].sort((a, b) => a - b);
        for (let i = 1; i < spread.length; i++)
          expect((spread[i] ?? 0) - (spread[i - 1] ?? 0)).toBeGreaterThanOrEqual(14 - 1e-9);
        expect(spread.at(-1)).toBeLessThanOrEqual(200);
      }),
    );
  });
});

describe("the scale that interval bars share", () => {
  it("is whole tens around all intervals, and all of it without any", () => {
    expect(
      sharedDomain([
        [0.72, 0.81],
        [0.66, 0.9],
      ]),
    ).toEqual({ low: 0.6, high: 0.9 });
    expect(sharedDomain([])).toEqual({ low: 0, high: 1 });
  });
});
