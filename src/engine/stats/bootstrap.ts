import type { Random } from "../../base/random.ts";

export interface BootstrapOptions {
  readonly alpha: number;
  readonly random: Random;
  /** Resamples; at least 10,000 for a reported interval. */
  readonly draws?: number;
  /** One label a row: rows that share one (same passage, same author) are resampled together. */
  readonly clusters?: readonly (string | number)[];
}

export interface BootstrapEstimate {
  readonly mean: number;
  readonly se: number;
  readonly lo: number;
  readonly hi: number;
  /** Two-sided p-value for a mean of 0: twice the smaller tail of the resampled means, never 0. */
  readonly p: number;
}

/**
 * Percentile bootstrap of the mean paired difference a - b (Efron & Tibshirani 1993); with `clusters`, whole clusters
 * are drawn (Cameron, Gelbach, Miller 2008).
 */
export function pairedBootstrap(
  a: readonly number[],
  b: readonly number[],
  options: BootstrapOptions,
): BootstrapEstimate {
  return bootstrapMean(
    Float64Array.from(a, (v, i) => v - (b[i] as number)),
    options,
  );
}

/** The same for values that already are differences. */
export function bootstrapMean(values: Float64Array, options: BootstrapOptions): BootstrapEstimate {
  if (values.length === 0) return { mean: 0, se: 0, lo: 0, hi: 0, p: 1 };
  const { sums, sizes } = groups(values, options.clusters);
  const units = sums.length;
  const draws = options.draws ?? 10_000;
  const means = new Float64Array(draws);
  const { random } = options;
  let below = 0;
  let above = 0;
  for (let d = 0; d < draws; d++) {
    let total = 0;
    let count = 0;
    for (let i = 0; i < units; i++) {
      const at = (random() * units) | 0;
      total += sums[at] as number;
      count += sizes[at] as number;
    }
    means[d] = total / count;
    if (total <= 0) below++;
    if (total >= 0) above++;
  }
  let first = 0;
  for (const m of means) first += m;
  first /= draws;
  let second = 0;
  for (const m of means) second += (m - first) ** 2;
  means.sort();
  let mean = 0;
  for (const v of values) mean += v;
  return {
    mean: mean / values.length,
    se: Math.sqrt(second / Math.max(1, draws - 1)),
    lo: sortedQuantile(means, options.alpha / 2),
    hi: sortedQuantile(means, 1 - options.alpha / 2),
    p: Math.min(1, (2 * (Math.min(below, above) + 1)) / (draws + 1)),
  };
}

/** Linear-interpolation quantile (type 7) of sorted values. */
export function sortedQuantile(sorted: ArrayLike<number>, q: number): number {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const x = sorted[low] as number;
  const y = sorted[Math.min(sorted.length - 1, low + 1)] as number;
  return x + (y - x) * (at - low);
}

function groups(values: Float64Array, clusters: readonly (string | number)[] | undefined) {
  if (clusters === undefined) return { sums: values, sizes: new Float64Array(values.length).fill(1) };
  const index = new Map<string | number, number>();
  const sums: number[] = [];
  const sizes: number[] = [];
  values.forEach((v, i) => {
    const key = clusters[i] as string | number;
    const at = index.get(key) ?? sums.length;
    index.set(key, at);
    sums[at] = (sums[at] ?? 0) + v;
    sizes[at] = (sizes[at] ?? 0) + 1;
  });
  return { sums: Float64Array.from(sums), sizes: Float64Array.from(sizes) };
}
