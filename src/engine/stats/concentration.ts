import { bisect } from "./roots.ts";

/** Kullback-Leibler divergence between Bernoulli(p) and Bernoulli(q), in nats. */
export function bernoulliKl(p: number, q: number): number {
  return term(p, q) + term(1 - p, 1 - q);
}

/** The q around p with divergence at most `level` (KL-LUCB; Kaufmann & Kalyanakrishnan 2013). */
export function klBounds(p: number, level: number): { lower: number; upper: number } {
  const f = (q: number) => bernoulliKl(p, q) - level;
  return { lower: p <= 0 ? 0 : bisect(f, 0, p), upper: p >= 1 ? 1 : bisect(f, p, 1) };
}

/** Hoeffding's two-sided radius for a mean of n values in [0, 1]: sqrt(ln(2/delta) / 2n). */
export function hoeffdingRadius(n: number, delta: number): number {
  return Math.sqrt(Math.log(2 / delta) / (2 * n));
}

/** Empirical Bernstein radius (Audibert, Munos, Szepesvári 2009): sqrt(2 v ln(3/delta) / n) + 3 R ln(3/delta) / n. */
export function empiricalBernsteinRadius(n: number, variance: number, delta: number, range = 1): number {
  const level = Math.log(3 / delta);
  return Math.sqrt((2 * variance * level) / n) + (3 * range * level) / n;
}

function term(x: number, y: number): number {
  if (x === 0) return 0;
  return y === 0 ? Number.POSITIVE_INFINITY : x * Math.log(x / y);
}
