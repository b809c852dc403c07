import { logBeta } from "./gamma.ts";
import type { Bounds } from "./proportion.ts";
import { bisect } from "./roots.ts";

/**
 * Confidence sequence for one mean of scores in [0, 1], valid at every sample size at once: the p whose mixture
 * likelihood ratio stays under 1/alpha, {p : B(a+k, b+n-k) / B(a, b) / (p^k (1-p)^(n-k)) < 1/alpha}
 * (Robbins 1970; Howard, Ramdas, McAuliffe, Sekhon 2021). Fractional scores are allowed: by convexity the ratio is
 * still a supermartingale. `k` is the sum of scores, `n` their number.
 */
export function betaMixture(k: number, n: number, alpha: number, a = 0.5, b = 0.5): Bounds {
  if (n <= 0) return [0, 1];
  const level = logBeta(a + k, b + n - k) - logBeta(a, b) + Math.log(alpha);
  const excess = (p: number) => level - xlogy(k, p) - xlogy(n - k, 1 - p);
  const mean = k / n;
  return [k <= 0 ? 0 : bisect(excess, 0, mean), k >= n ? 1 : bisect(excess, mean, 1)];
}

/**
 * The same without replacement: the counts K of ones among `size` rows that the draws so far do not contradict, as
 * proportions, by the prior-posterior ratio of a beta-binomial prior (Waudby-Smith & Ramdas 2020). 0/1 scores only.
 */
export function betaMixtureFinite(k: number, n: number, size: number, alpha: number, a = 0.5, b = 0.5): Bounds {
  const logPrior = (K: number) => choose(size, K) + logBeta(a + K, b + size - K) - logBeta(a, b);
  const logPosterior = (K: number) =>
    choose(size - n, K - k) + logBeta(a + K, b + size - K) - logBeta(a + k, b + n - k);
  const kept = (K: number) => logPrior(K) - logPosterior(K) < -Math.log(alpha);
  const lowest = k;
  const highest = size - (n - k);
  const middle = Math.min(highest, Math.max(lowest, Math.round((k / Math.max(1, n)) * size)));
  return [edge(kept, middle, lowest) / size, edge(kept, middle, highest) / size];
}

/** The last integer on the way from `inside` to `outer` that is kept; what is kept is an interval. */
function edge(kept: (K: number) => boolean, inside: number, outer: number): number {
  let good = inside;
  let bad = outer;
  if (kept(bad)) return bad;
  while (Math.abs(bad - good) > 1) {
    const mid = Math.trunc((good + bad) / 2);
    if (kept(mid)) good = mid;
    else bad = mid;
  }
  return good;
}

/** Logarithm of the binomial coefficient. */
function choose(n: number, k: number): number {
  return -Math.log(n + 1) - logBeta(k + 1, n - k + 1);
}

function xlogy(x: number, y: number): number {
  return x === 0 ? 0 : x * Math.log(y);
}
