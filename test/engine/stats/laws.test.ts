import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { betaCdf, betaQuantile } from "../../../src/engine/stats/beta.ts";
import { betaMixture, betaMixtureFinite } from "../../../src/engine/stats/betaMixture.ts";
import {
  bettingInterval,
  boundOf,
  expectedSquare,
  finiteBettingInterval,
  finiteBettingPath,
  type Position,
  pairedBettingInterval,
  stakeOf,
} from "../../../src/engine/stats/betting.ts";
import { bootstrapMean, pairedBootstrap } from "../../../src/engine/stats/bootstrap.ts";
import {
  adaptiveCalibrationError,
  calibrationError,
  calibrationInterval,
} from "../../../src/engine/stats/calibration.ts";
import { betaDraw, gammaDraw, normalDraw } from "../../../src/engine/stats/draws.ts";
import { correlation } from "../../../src/engine/stats/effectSize.ts";
import { chiSquaredTail, logGamma } from "../../../src/engine/stats/gamma.ts";
import { covariance, gaussianProcess } from "../../../src/engine/stats/gaussianProcess.ts";
import { mcnemarExact, mcnemarLogE, mcnemarMidP } from "../../../src/engine/stats/mcnemar.ts";
import { benjaminiHochberg, eBenjaminiHochberg, holm } from "../../../src/engine/stats/multiple.ts";
import { normalCdf, normalQuantile } from "../../../src/engine/stats/normal.ts";
import { designEffect, detectableDifference, pairedPower, pairedSampleSize } from "../../../src/engine/stats/power.ts";
import { clopperPearson, wilson } from "../../../src/engine/stats/proportion.ts";
import { ranks } from "../../../src/engine/stats/rank.ts";
import { pairedFactor, ratioInterval } from "../../../src/engine/stats/ratio.ts";
import { scaleConfidence } from "../../../src/engine/stats/temperature.ts";
import { leastCpuMs } from "../../support/speed.ts";

const counts = fc.integer({ min: 1, max: 400 }).chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));
const unit = fc.double({ min: 0.001, max: 0.999, noNaN: true });

describe("distributions", () => {
  test("quantiles undo distribution functions", () => {
    fc.assert(
      fc.property(unit, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (q, a, b) => {
        expect(normalCdf(normalQuantile(q))).toBeCloseTo(q, 12);
        expect(betaCdf(betaQuantile(q, a, b), a, b)).toBeCloseTo(q, 9);
      }),
    );
  });
  test("known values", () => {
    expect(logGamma(5)).toBeCloseTo(Math.log(24), 13);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13);
    expect(chiSquaredTail(3.841458820694124, 1)).toBeCloseTo(0.05, 10);
    expect(chiSquaredTail(0, 3)).toBe(1);
  });
  test("draws have their moments", () => {
    const random = seededRandom("draws");
    const n = 20_000;
    const of = (draw: () => number) => {
      const xs = Array.from({ length: n }, draw);
      const m = xs.reduce((a, b) => a + b, 0) / n;
      return { m, v: xs.reduce((s, x) => s + (x - m) ** 2, 0) / n };
    };
    const normal = of(() => normalDraw(random));
    expect(normal.m).toBeCloseTo(0, 1);
    expect(normal.v).toBeCloseTo(1, 1);
    const small = of(() => gammaDraw(0.5, random));
    expect(Math.abs(small.m - 0.5)).toBeLessThan(0.03);
    const beta = of(() => betaDraw(3, 1, random));
    expect(Math.abs(beta.m - 0.75)).toBeLessThan(0.01);
    expect(Math.abs(beta.v - 0.0375)).toBeLessThan(0.003);
  });
});

describe("intervals", () => {
  test("hold the observed share, and Clopper-Pearson is the wider", () => {
    fc.assert(
      fc.property(counts, ([k, n]) => {
        const w = wilson(k, n, 0.05);
        const c = clopperPearson(k, n, 0.05);
        const m = betaMixture(k, n, 0.05);
        for (const [low, high] of [w, c, m]) {
          expect(low).toBeLessThanOrEqual(k / n + 1e-9);
          expect(high).toBeGreaterThanOrEqual(k / n - 1e-9);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
        }
        expect(m[1] - m[0]).toBeGreaterThanOrEqual(c[1] - c[0] - 1e-9);
      }),
    );
  });
  test("without data they say nothing", () => {
    expect(wilson(0, 0, 0.05)).toEqual([0, 1]);
    expect(betaMixture(0, 0, 0.05)).toEqual([0, 1]);
    expect(pairedBettingInterval(0, 0, 0, 0.05)[0]).toBe(-1);
    expect(bettingInterval([], 0.05)).toEqual([-1, 1]);
  });
  test("the finite mixture ends in the truth and is never wider than what can still be", () => {
    expect(betaMixtureFinite(37, 50, 50, 0.05)).toEqual([0.74, 0.74]);
    fc.assert(
      fc.property(counts, fc.integer({ min: 0, max: 300 }), ([k, n], more) => {
        const size = n + more;
        const [low, high] = betaMixtureFinite(k, n, size, 0.05);
        expect(low).toBeGreaterThanOrEqual(k / size);
        expect(high).toBeLessThanOrEqual((k + more) / size);
        expect(low).toBeLessThanOrEqual(high);
      }),
    );
  });
  test("the finite mixture rarely ever misses", () => {
    const random = seededRandom("finite");
    let missed = 0;
    for (let r = 0; r < 300; r++) {
      let left = 70;
      let seen = 0;
      let miss = false;
      for (let n = 1; n <= 100; n++) {
        if (random() < left / (101 - n)) {
          left--;
          seen++;
        }
        const [low, high] = betaMixtureFinite(seen, n, 100, 0.05);
        miss ||= low > 0.7 || high < 0.7;
      }
      if (miss) missed++;
    }
    expect(missed / 300).toBeLessThanOrEqual(0.06);
  });
  test("the general betting interval agrees with the closed form on -1, 0 and 1", () => {
    const d = [...Array<number>(12).fill(1), ...Array<number>(5).fill(-1), ...Array<number>(83).fill(0)];
    const closed = pairedBettingInterval(12, 5, 100, 0.05);
    const general = bettingInterval(d, 0.05);
    expect(general[0]).toBeCloseTo(closed[0], 8);
    expect(general[1]).toBeCloseTo(closed[1], 8);
  });
  test("drawing without replacement narrows the interval, to a point at the end", () => {
    const d = Array.from({ length: 60 }, (_, i) => (i % 5 === 0 ? 1 : i % 7 === 0 ? -1 : 0));
    const width = (size: number) => {
      const [low, high] = finiteBettingInterval(d, size, 0.05);
      return high - low;
    };
    expect(width(60)).toBe(0);
    expect(width(80)).toBeLessThan(width(200));
    expect(width(200)).toBeLessThan(width(5000));
    const [low, high] = finiteBettingInterval(d, 100_000, 0.05);
    const open = bettingInterval(d, 0.05);
    expect(low).toBeCloseTo(open[0], 2);
    expect(high).toBeCloseTo(open[1], 2);
  });
  test("a bet that is refuted outright stays won", () => {
    const path = finiteBettingPath([1, 1, 1, -1, -1], 5, 0);
    expect(path.slice(3)).toEqual([700, 700]);
  });
  test("a stake grows with the lead, with what is behind it, and as rows run out; it is never negative", () => {
    const at = { lead: 0, seen: 100, left: 400, slack: 0 };
    const stake = (change: Partial<Position>, square = 0.2) => stakeOf({ ...at, ...change }, 500, 0.05, 80, square);
    expect(stake({ lead: 10 })).toBeGreaterThan(stake({}));
    expect(stake({ slack: 0.02 })).toBeGreaterThan(stake({}));
    expect(stake({ left: 100 })).toBeGreaterThan(stake({}));
    expect(stake({ lead: 10 }, 0.1)).toBeGreaterThan(stake({ lead: 10 }, 0.4));
    expect(expectedSquare(0, 1000)).toBeLessThan(expectedSquare(0, 0));
    expect(stake({ lead: -100 })).toBe(0);
    expect(stake({ left: Number.POSITIVE_INFINITY })).toBeCloseTo(stake({}) / 1.25, 12);
  });
  test("a claim bounds what is left, and rows to come only by itself", () => {
    expect(boundOf({ lead: 5, seen: 50, left: 50, slack: 0 })).toBeCloseTo(-0.1, 12);
    expect(boundOf({ lead: 5, seen: 50, left: 50, slack: 0.01 })).toBeCloseTo(-0.12, 12);
    expect(boundOf({ lead: 5, seen: 50, left: Number.POSITIVE_INFINITY, slack: 0.01 })).toBe(-0.01);
  });
});

describe("tests", () => {
  test("are symmetric, and mid-p is never above exact", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (b, c) => {
        expect(mcnemarMidP(b, c)).toBeLessThanOrEqual(mcnemarExact(b, c) + 1e-12);
        expect(mcnemarExact(b, c)).toBeCloseTo(mcnemarExact(c, b), 12);
        expect(mcnemarLogE(b, c)).toBeCloseTo(mcnemarLogE(c, b), 10);
      }),
    );
  });
  test("corrections keep the order and never lower a p-value", () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 20 }), (p) => {
        const h = holm(p);
        const b = benjaminiHochberg(p);
        p.forEach((x, i) => {
          expect(h[i]).toBeGreaterThanOrEqual(x);
          expect(b[i]).toBeGreaterThanOrEqual(x - 1e-15);
          expect(b[i]).toBeLessThanOrEqual((h[i] ?? 0) + 1e-12);
        });
      }),
    );
  });
  test("e-BH rejects what is large enough together", () => {
    expect(eBenjaminiHochberg([100, 1, 50, 0], 0.05)).toEqual([true, false, true, false]);
    expect(eBenjaminiHochberg([30, 1, 1, 1], 0.05)).toEqual([false, false, false, false]);
    expect(eBenjaminiHochberg([], 0.05)).toEqual([]);
  });
});

describe("power", () => {
  test("sample size and power undo each other", () => {
    const n = pairedSampleSize(0.11, 0.06, 0.05, 0.8);
    expect(pairedPower(0.11, 0.06, 0.05, n)).toBeCloseTo(0.8, 6);
    expect(detectableDifference(0.17, 0.05, 0.8, n)).toBeCloseTo(0.05, 6);
    expect(pairedSampleSize(0.1, 0.1, 0.05, 0.8)).toBe(Number.POSITIVE_INFINITY);
    expect(pairedPower(0.1, 0.1, 0.05, 500)).toBe(0.05);
  });
  test("copies of a row count once", () => {
    const values = [1, 0, 1, 1, 0, 1, 0, 0];
    const copied = values.flatMap((v) => [v, v, v, v]);
    expect(
      designEffect(
        copied,
        copied.map((_, i) => Math.floor(i / 4)),
      ),
    ).toBeCloseTo(4, 10);
    expect(
      designEffect(
        values,
        values.map((_, i) => i),
      ),
    ).toBeCloseTo(1, 10);
  });
});

describe("bootstrap", () => {
  test("the same seed gives the same interval; clusters of one change nothing", () => {
    const d = Float64Array.from({ length: 50 }, (_, i) => (i % 3) - 1);
    const run = (clusters?: number[]) =>
      bootstrapMean(d, {
        alpha: 0.05,
        random: seededRandom("b"),
        draws: 500,
        ...(clusters === undefined ? {} : { clusters }),
      });
    expect(run()).toEqual(run());
    expect(run([...d.keys()])).toEqual(run());
  });
  test("an empty set has no difference", () => {
    expect(bootstrapMean(new Float64Array(0), { alpha: 0.05, random: seededRandom(1) })).toMatchObject({
      mean: 0,
      p: 1,
    });
  });
  test("ten thousand draws of a thousand rows are quick", async () => {
    const a = Array.from({ length: 1000 }, (_, i) => i % 2);
    const b = Array.from({ length: 1000 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const draw = () => pairedBootstrap(a, b, { alpha: 0.05, random: seededRandom("quick") });
    expect(await leastCpuMs(draw, { enough: 3000 })).toBeLessThan(3000);
  });
});

describe("ratios", () => {
  const tokens = Array.from({ length: 200 }, (_, i) => 100 + (i % 7));
  const right = Array.from({ length: 200 }, (_, i) => (i % 4 === 0 ? 0 : 1));
  test("tokens per correct answer are totals over totals", () => {
    const { ratio, lo, hi } = ratioInterval(tokens, right, 0.05);
    expect(ratio).toBeCloseTo(tokens.reduce((a, b) => a + b, 0) / 150, 10);
    expect(lo).toBeLessThan(ratio);
    expect(hi).toBeGreaterThan(ratio);
  });
  test("nothing right: no finite cost", () => {
    expect(ratioInterval([1, 2], [0, 0], 0.05)).toEqual({
      ratio: Number.POSITIVE_INFINITY,
      lo: 0,
      hi: Number.POSITIVE_INFINITY,
    });
  });
  test("a paired factor is found", () => {
    const { ratio, lo, hi } = pairedFactor(
      tokens.map((t) => 2 * t),
      tokens,
      { alpha: 0.05, random: seededRandom("f") },
    );
    expect(ratio).toBeCloseTo(2, 10);
    expect(lo).toBeCloseTo(2, 10);
    expect(hi).toBeCloseTo(2, 10);
  });
});

describe("calibration", () => {
  const confidence = Array.from({ length: 400 }, (_, i) => 0.5 + (i % 50) / 100);
  const random = seededRandom("calibrated");
  const correct = confidence.map((c) => (random() < c ? 1 : 0));
  test("both errors are small for honest confidences and large for boasts", () => {
    expect(calibrationError(confidence, correct).ece).toBeLessThan(0.1);
    expect(adaptiveCalibrationError(confidence, correct).ece).toBeLessThan(0.1);
    expect(
      calibrationError(
        confidence.map(() => 0.99),
        correct,
      ).ece,
    ).toBeGreaterThan(0.15);
    expect(calibrationError(confidence, correct).bins.reduce((n, b) => n + b.count, 0)).toBe(400);
  });
  test("the interval holds its estimate", () => {
    const [lo, hi] = calibrationInterval(adaptiveCalibrationError, confidence, correct, {
      alpha: 0.05,
      random,
      draws: 200,
    });
    expect(lo).toBeLessThan(hi);
    expect(hi).toBeGreaterThan(adaptiveCalibrationError(confidence, correct).ece);
  });
  test("a temperature above 1 pulls to the middle", () => {
    expect(scaleConfidence(0.9, 2)).toBeLessThan(0.9);
    expect(scaleConfidence(0.9, 2)).toBeGreaterThan(0.5);
    expect(scaleConfidence(0.5, 3)).toBe(0.5);
  });
});

describe("the rest", () => {
  test("tied values share a rank; a constant correlates with nothing", () => {
    expect(ranks([3, 1, 3, 2])).toEqual([3.5, 1, 3.5, 2]);
    expect(correlation([1, 1, 1], [1, 2, 3])).toBe(0);
  });
  test("a process returns to its points, and to its mean far away; categories count", () => {
    const kernel = { signalSd: 0.1, lengthscale: 0.2, categoryScale: 1 };
    const at = (c: number, x: number) => ({ categories: [c], numbers: [x] });
    const gp = gaussianProcess([at(0, 0), at(0, 0.5), at(1, 1)], [0.5, 0.7, 0.6], [1e-8, 1e-8, 1e-8], kernel);
    expect(gp.at(at(0, 0.5)).mean).toBeCloseTo(0.7, 4);
    expect(gp.at(at(0, 0.5)).sd).toBeLessThan(0.001);
    expect(gp.at(at(0, 50)).mean).toBeCloseTo(0.6, 6);
    expect(gp.at(at(0, 50)).sd).toBeCloseTo(0.1, 6);
    expect(covariance(kernel, at(0, 0), at(1, 0))).toBeCloseTo(0.01 * Math.exp(-1), 12);
  });
});
