import { upperGamma } from "./gamma.ts";

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** P(Z <= x), through erfc(x) = Q(1/2, x²), which keeps the tails relatively exact. */
export function normalCdf(x: number): number {
  const tail = 0.5 * upperGamma(0.5, (x * x) / 2);
  return x < 0 ? tail : 1 - tail;
}

/** The z with P(Z <= z) = q. P. J. Acklam's rational approximation, then one Halley step. */
export function normalQuantile(q: number): number {
  if (q <= 0) return Number.NEGATIVE_INFINITY;
  if (q >= 1) return Number.POSITIVE_INFINITY;
  if (q > 0.5) return -normalQuantile(1 - q);
  const start = acklam(q);
  const error = (normalCdf(start) - q) / normalDensity(start);
  return start - error / (1 + (start * error) / 2);
}

function acklam(q: number): number {
  if (q < 0.02425) {
    const t = Math.sqrt(-2 * Math.log(q));
    return (
      (((((-7.784894002430293e-3 * t - 0.3223964580411365) * t - 2.400758277161838) * t - 2.549732539343734) * t +
        4.374664141464968) *
        t +
        2.938163982698783) /
      ((((7.784695709041462e-3 * t + 0.3224671290700398) * t + 2.445134137142996) * t + 3.754408661907416) * t + 1)
    );
  }
  const s = q - 0.5;
  const r = s * s;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      s) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
      1)
  );
}
