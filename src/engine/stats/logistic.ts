import { normalCdf, normalQuantile } from "./normal.ts";
import type { Bounds } from "./proportion.ts";

export interface LogisticSlope {
  /** Change of the log odds of being right for one more of x. */
  readonly slope: number;
  readonly interval: Bounds;
  /** Two-sided Wald test of a slope of 0. */
  readonly p: number;
}

/**
 * The slope of a logistic regression of y in [0, 1] on one x, by Newton's method (McCullagh & Nelder, Generalized Linear Models,
 * chapter 4), with a sandwich standard error, so that graded scores are judged right too. Undefined where x or y does not vary,
 * or where x separates right from wrong completely: no finite slope fits then.
 */
export function logisticSlope(x: ArrayLike<number>, y: ArrayLike<number>, alpha: number): LogisticSlope | undefined {
  const n = x.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (x[i] as number) / n;
  let a = 0;
  let b = 0;
  for (let step = 0; step < 50; step++) {
    const { g0, g1, h00, h01, h11 } = moments(x, y, mean, a, b);
    const det = h00 * h11 - h01 * h01;
    if (!(det > 1e-10 * n)) return undefined;
    const da = (h11 * g0 - h01 * g1) / det;
    const db = (h00 * g1 - h01 * g0) / det;
    // A step that would leave the place where the curve bends is cut short.
    const scale = Math.min(1, 4 / Math.max(Math.abs(da), Math.abs(db), 1e-12));
    a += da * scale;
    b += db * scale;
    if (Math.abs(a) > 30 || !Number.isFinite(b)) return undefined;
    if (Math.abs(da) < 1e-9 && Math.abs(db) < 1e-9) {
      const { h00: u, h01: v, h11: w, m00, m01, m11 } = moments(x, y, mean, a, b);
      const d = u * w - v * v;
      if (!(d > 1e-10 * n)) return undefined;
      // Row of the inverse information that belongs to the slope.
      const [r0, r1] = [-v / d, u / d];
      const error = Math.sqrt(r0 * r0 * m00 + 2 * r0 * r1 * m01 + r1 * r1 * m11);
      if (!(error > 0)) return undefined;
      const half = normalQuantile(1 - alpha / 2) * error;
      return { slope: b, interval: [b - half, b + half], p: 2 * normalCdf(-Math.abs(b / error)) };
    }
  }
  return undefined;
}

function moments(x: ArrayLike<number>, y: ArrayLike<number>, mean: number, a: number, b: number) {
  const sums = { g0: 0, g1: 0, h00: 0, h01: 0, h11: 0, m00: 0, m01: 0, m11: 0 };
  for (let i = 0; i < x.length; i++) {
    const z = (x[i] as number) - mean;
    const p = 1 / (1 + Math.exp(-(a + b * z)));
    const r = (y[i] as number) - p;
    const w = p * (1 - p);
    sums.g0 += r;
    sums.g1 += r * z;
    sums.h00 += w;
    sums.h01 += w * z;
    sums.h11 += w * z * z;
    sums.m00 += r * r;
    sums.m01 += r * r * z;
    sums.m11 += r * r * z * z;
  }
  return sums;
}
