import { logBeta } from "./gamma.ts";
import { bisect } from "./roots.ts";

/**
 * P(X <= x) for X ~ Beta(a, b): the regularised incomplete beta function, by Lentz's continued fraction
 * (Press et al., Numerical Recipes, 3rd ed., section 6.4).
 */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b));
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

/** The x with P(X <= x) = q for X ~ Beta(a, b). */
export function betaQuantile(q: number, a: number, b: number): number {
  if (q <= 0) return 0;
  if (q >= 1) return 1;
  return bisect((x) => betaCdf(x, a, b) - q, 0, 1, 1100);
}

/**
 * P(X > Y) for independent X ~ Beta(a1, b1), Y ~ Beta(a2, b2), all parameters at least 1/2. Simpson's rule after
 * x = sin²t, which removes the end-point singularities.
 */
export function betaGreater(a1: number, b1: number, a2: number, b2: number): number {
  const centre = Math.asin(Math.sqrt(a1 / (a1 + b1)));
  const reach = 6 / Math.sqrt(a1 + b1);
  const lo = Math.max(0, centre - reach);
  const hi = Math.min(Math.PI / 2, centre + reach);
  const steps = 600;
  const h = (hi - lo) / steps;
  const scale = Math.LN2 - logBeta(a1, b1);
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const t = lo + i * h;
    const sin = Math.sin(t);
    const cos = Math.cos(t);
    const density = Math.exp(scale + power(2 * a1 - 1, sin) + power(2 * b1 - 1, cos));
    sum += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * density * betaCdf(sin * sin, a2, b2);
  }
  return Math.min(1, (sum * h) / 3);
}

/** Logarithm of base^exponent with 0^0 = 1. */
function power(exponent: number, base: number): number {
  return exponent === 0 ? 0 : exponent * Math.log(Math.max(base, 1e-300));
}

function fraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const guard = (v: number) => (Math.abs(v) < tiny ? tiny : v);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return h;
}
