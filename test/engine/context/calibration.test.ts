import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCalibration } from "../../../src/engine/context/calibration.ts";

describe("calibration", () => {
  it("changes nothing until something has been reported", () => {
    const calibration = createCalibration();
    expect(calibration.correction("m")).toEqual({ ratio: 1, error: undefined, reports: 0 });
    expect(calibration.correct("m", 100)).toBe(100);
  });

  it("learns each model's ratio apart", () => {
    const calibration = createCalibration();
    calibration.learn("a", 100, 120);
    calibration.learn("a", 200, 240);
    calibration.learn("b", 100, 50);
    expect(calibration.correction("a")).toEqual({ ratio: 1.2, error: expect.closeTo(0, 10), reports: 2 });
    expect(calibration.correct("a", 1000)).toBe(1200);
    expect(calibration.correct("b", 1000)).toBe(500);
  });

  it("states the root mean square of what remains", () => {
    const calibration = createCalibration();
    calibration.learn("m", 100, 90);
    calibration.learn("m", 100, 110);
    const { ratio, error } = calibration.correction("m");
    expect(ratio).toBe(1);
    expect(error).toBeCloseTo(Math.sqrt(((100 / 90 - 1) ** 2 + (100 / 110 - 1) ** 2) / 2), 12);
  });

  it("ignores reports without tokens", () => {
    const calibration = createCalibration();
    calibration.learn("m", 100, 0);
    calibration.learn("m", 0, 10);
    calibration.learn("m", 100, Number.NaN);
    expect(calibration.correction("m").reports).toBe(0);
  });

  it("agrees with the errors worked out one by one, in any order", () => {
    const reports = fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 })), {
      minLength: 2,
      maxLength: 30,
    });
    fc.assert(
      fc.property(reports, (all) => {
        const calibration = createCalibration();
        for (const [estimated, reported] of [...all].reverse()) calibration.learn("m", estimated, reported);
        const sum = (pick: (each: (typeof all)[number]) => number) =>
          all.reduce((total, each) => total + pick(each), 0);
        const ratio = sum(([, reported]) => reported) / sum(([estimated]) => estimated);
        const square = sum(([estimated, reported]) => ((ratio * estimated) / reported - 1) ** 2) / all.length;
        expect(calibration.correction("m").ratio).toBeCloseTo(ratio, 10);
        const { error } = calibration.correction("m");
        expect(Math.abs((error ?? 0) - Math.sqrt(square))).toBeLessThan(1e-5 * (1 + Math.sqrt(square)));
      }),
    );
  });
});
