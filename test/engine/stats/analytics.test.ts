import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { adaptiveCalibrationError, binnedCalibration, massBins } from "../../../src/engine/stats/calibration.ts";
import { fisherUpper } from "../../../src/engine/stats/fisher.ts";
import { meanVectorTest } from "../../../src/engine/stats/hotelling.ts";
import { logisticSlope } from "../../../src/engine/stats/logistic.ts";
import { pairedRatio } from "../../../src/engine/stats/ratio.ts";

describe("Fisher's exact test", () => {
  it("gives the tea lady her 17 in 70, and sums the tail whatever the sizes", () => {
    expect(fisherUpper(3, 4, 4, 8)).toBeCloseTo(17 / 70, 12);
    expect(fisherUpper(4, 4, 4, 8)).toBeCloseTo(1 / 70, 12);
    expect(fisherUpper(0, 4, 4, 8)).toBe(1);
    // What must happen is no evidence.
    expect(fisherUpper(2, 6, 6, 10)).toBe(1);
    // About 44 are expected: 60 or more come up once in a hundred.
    expect(fisherUpper(60, 1000, 1500, 34_000)).toBeGreaterThan(0.005);
    expect(fisherUpper(60, 1000, 1500, 34_000)).toBeLessThan(0.02);
  });

  it("agrees with counting every draw", () => {
    // 7 rows, 3 marked, 4 drawn.
    let all = 0;
    let hits = 0;
    for (let mask = 0; mask < 128; mask++) {
      const drawn = [...Array(7).keys()].filter((i) => (mask >> i) & 1);
      if (drawn.length !== 4) continue;
      all += 1;
      if (drawn.filter((i) => i < 3).length >= 2) hits += 1;
    }
    expect(fisherUpper(2, 4, 3, 7)).toBeCloseTo(hits / all, 12);
  });
});

describe("a logistic slope", () => {
  it("finds the slope that made the data, and refuses what separates completely", () => {
    const random = seededRandom("logistic");
    let covered = 0;
    for (let k = 0; k < 200; k++) {
      const x = Array.from({ length: 300 }, () => 3 + 4 * random());
      const y = x.map((v) => Number(random() < 1 / (1 + Math.exp(-(0.4 - 0.7 * (v - 5))))));
      const [lo, hi] = logisticSlope(x, y, 0.05)?.interval ?? [0, 0];
      if (lo <= -0.7 && hi >= -0.7) covered += 1;
    }
    expect(covered).toBeGreaterThan(180);
    expect(logisticSlope([1, 2, 3, 4], [0, 0, 1, 1], 0.05)).toBeUndefined();
    expect(logisticSlope([2, 2, 2, 2], [0, 1, 0, 1], 0.05)).toBeUndefined();
  });
});

describe("a test of several means at once", () => {
  it("keeps its level, leaves out what repeats itself, and sees what is there", () => {
    const random = seededRandom("hotelling");
    let claimed = 0;
    for (let k = 0; k < 400; k++) {
      const rows = Array.from({ length: 60 }, () => [random() - 0.5, random() - 0.5]);
      if ((meanVectorTest(rows)?.p ?? 1) < 0.05) claimed += 1;
    }
    expect(claimed).toBeLessThan(36);
    const doubled = Array.from({ length: 60 }, () => {
      const a = random() - 0.2;
      return [a, a, 0];
    });
    expect(meanVectorTest(doubled)).toMatchObject({ df: [1, 59] });
    expect(meanVectorTest(doubled)?.p).toBeLessThan(0.001);
    expect(meanVectorTest([[1], [2]])).toBeUndefined();
  });
});

describe("calibration in bins of equal size", () => {
  it("is the adaptive error where no two confidences are equal", () => {
    const random = seededRandom("bins");
    const confidence = Array.from({ length: 203 }, () => random());
    const correct = confidence.map((c) => Number(random() < c));
    const options = { alpha: 0.05, draws: 50, random };
    const found = binnedCalibration(confidence, correct, massBins(confidence), options);
    expect(found.ece).toBeCloseTo(adaptiveCalibrationError(confidence, correct).ece, 12);
    expect(found.interval[0]).toBeLessThanOrEqual(found.interval[1]);
  });

  it("never splits equal confidences", () => {
    expect([...massBins([0.9, 0.5, 0.9, 0.5, 0.9, 0.9], 3)]).toEqual([1, 0, 1, 0, 1, 1]);
    expect(massBins([])).toHaveLength(0);
  });
});

describe("a ratio of two prices", () => {
  it("covers the truth as often as it says, and needs both to have bought something", () => {
    const random = seededRandom("prices");
    let covered = 0;
    for (let k = 0; k < 300; k++) {
      const rows = Array.from({ length: 150 }, () => {
        const hard = random();
        const of = (right: number, tokens: number) => [tokens + 40 * random(), Number(hard < right)] as const;
        return [of(0.8, 100), of(0.7, 200)] as const;
      });
      const side = (s: 0 | 1, v: 0 | 1) => rows.map((row) => row[s][v]);
      const found = pairedRatio(
        { spentA: side(0, 0), boughtA: side(0, 1), spentB: side(1, 0), boughtB: side(1, 1) },
        0.05,
      );
      const truth = 120 / 0.8 / (220 / 0.7);
      if (found && found.lo <= truth && found.hi >= truth) covered += 1;
    }
    expect(covered).toBeGreaterThan(273);
    const none = { spentA: [1, 1], boughtA: [0, 0], spentB: [1, 1], boughtB: [1, 0] };
    expect(pairedRatio(none, 0.05)).toBeUndefined();
  });
});
