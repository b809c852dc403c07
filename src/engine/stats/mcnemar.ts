import { betaCdf } from "./beta.ts";
import { binomialCdf, binomialMass } from "./binomial.ts";
import { chiSquaredTail, logBeta } from "./gamma.ts";

/*
 * Tests for two variants on the same rows. `b` counts the rows only the first got right, `c` those only the second got
 * right; rows on which they agree carry no information about which is better.
 */

/** Exact two-sided p-value (McNemar 1947, binomial form); conservative. */
export function mcnemarExact(b: number, c: number): number {
  return Math.min(1, 2 * binomialCdf(Math.min(b, c), b + c, 0.5));
}

/** Mid-p two-sided p-value: the recommended test at a sample size fixed beforehand (Fagerland, Lydersen, Laake 2013). */
export function mcnemarMidP(b: number, c: number): number {
  if (b === c) return 1;
  const n = b + c;
  const low = Math.min(b, c);
  return Math.min(1, 2 * binomialCdf(low, n, 0.5) - binomialMass(low, n, 0.5));
}

/** Chi-squared form, with or without Edwards' continuity correction. */
export function mcnemarChiSquared(b: number, c: number, correction = true): { statistic: number; p: number } {
  if (b + c === 0) return { statistic: 0, p: 1 };
  const gap = Math.max(0, Math.abs(b - c) - (correction ? 1 : 0));
  const statistic = (gap * gap) / (b + c);
  return { statistic, p: chiSquaredTail(statistic, 1) };
}

/**
 * Log e-value against "neither is better", valid at every look: 2^(b+c) B(b+1/2, c+1/2) / B(1/2, 1/2), the mixture
 * martingale of Robbins with a Beta(1/2, 1/2) prior. The always-valid p-value is min(1, 1/E).
 */
export function mcnemarLogE(b: number, c: number): number {
  return (b + c) * Math.LN2 + logBeta(b + 0.5, c + 0.5) - logBeta(0.5, 0.5);
}

/** Log e-value against "the first is not better", with the prior restricted to (1/2, 1). */
export function mcnemarLogEGreater(b: number, c: number): number {
  return mcnemarLogE(b, c) + Math.LN2 + Math.log(Math.max(betaCdf(0.5, c + 0.5, b + 0.5), 1e-300));
}
