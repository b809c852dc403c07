import { betaQuantile } from "./beta.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

/** Low and high end. */
export type Bounds = readonly [low: number, high: number];

/**
 * Wilson's score interval for `k` successes of `n` (Wilson 1927; recommended by Brown, Cai, DasGupta 2001). `k` may be
 * fractional. With no trial: [0, 1].
 */
export function wilson(k: number, n: number, alpha: number): Bounds {
  if (n <= 0) return [0, 1];
  const z = normalQuantile(1 - alpha / 2);
  const p = k / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return [k <= 0 ? 0 : Math.max(0, centre - half), k >= n ? 1 : Math.min(1, centre + half)];
}

/** Clopper and Pearson's exact interval (1934): never covers less than 1 - alpha, and is wider for it. */
export function clopperPearson(k: number, n: number, alpha: number): Bounds {
  const low = k <= 0 ? 0 : betaQuantile(alpha / 2, k, n - k + 1);
  const high = k >= n ? 1 : betaQuantile(1 - alpha / 2, k + 1, n - k);
  return [low, high];
}

/** Pooled z test for two independent proportions, two-sided. Not for paired data, which it ignores the pairing of. */
export function twoProportionTest(k1: number, n1: number, k2: number, n2: number): { z: number; p: number } {
  const pooled = (k1 + k2) / (n1 + n2);
  const se = Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
  if (se === 0) return { z: 0, p: 1 };
  const z = (k1 / n1 - k2 / n2) / se;
  return { z, p: 2 * normalCdf(-Math.abs(z)) };
}
