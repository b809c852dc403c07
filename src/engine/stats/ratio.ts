import type { Random } from "../../base/random.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

export interface RatioEstimate {
  readonly ratio: number;
  readonly lo: number;
  readonly hi: number;
}

/**
 * Ratio of totals, such as tokens per correct answer, with a delta-method interval on the log scale
 * (Cochran, Sampling Techniques, chapter 6). Never the mean of per-row ratios, which a zero denominator destroys.
 * Infinite, with an unbounded interval, when the denominators sum to 0.
 */
export function ratioInterval(
  numerators: readonly number[],
  denominators: readonly number[],
  alpha: number,
): RatioEstimate {
  const n = numerators.length;
  const top = sum(numerators);
  const bottom = sum(denominators);
  if (bottom === 0) return { ratio: Number.POSITIVE_INFINITY, lo: 0, hi: Number.POSITIVE_INFINITY };
  const ratio = top / bottom;
  if (n < 2 || ratio <= 0) return { ratio, lo: ratio, hi: ratio };
  let squares = 0;
  for (let i = 0; i < n; i++) squares += ((numerators[i] as number) - ratio * (denominators[i] as number)) ** 2;
  const error = Math.sqrt((squares / (n - 1)) * n) / bottom;
  const half = (normalQuantile(1 - alpha / 2) * error) / ratio;
  return { ratio, lo: ratio * Math.exp(-half), hi: ratio * Math.exp(half) };
}

export interface RatioChange extends RatioEstimate {
  /** Two-sided, of a factor of 1. */
  readonly p: number;
}

/** Totals of two sides over the same rows: what was spent, and what it bought. */
export interface PairedTotals {
  readonly spentA: readonly number[];
  readonly boughtA: readonly number[];
  readonly spentB: readonly number[];
  readonly boughtB: readonly number[];
}

/**
 * How many times as much A pays for one unit as B does, both over the same rows: a ratio of two ratios of totals, with a
 * delta-method interval on the log scale that keeps the pairing (Cochran, Sampling Techniques, chapter 6). Undefined where a
 * side bought or spent nothing, or with a single row.
 */
export function pairedRatio(rows: PairedTotals, alpha: number): RatioChange | undefined {
  const n = rows.spentA.length;
  const totals = [sum(rows.spentA), sum(rows.boughtA), sum(rows.spentB), sum(rows.boughtB)] as const;
  const [spentA, boughtA, spentB, boughtB] = totals;
  if (n < 2 || totals.some((total) => total <= 0)) return undefined;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const z =
      (rows.spentA[i] as number) / spentA -
      (rows.boughtA[i] as number) / boughtA -
      (rows.spentB[i] as number) / spentB +
      (rows.boughtB[i] as number) / boughtB;
    squares += z * z;
  }
  const log = Math.log(spentA / boughtA) - Math.log(spentB / boughtB);
  const error = Math.sqrt((squares * n) / (n - 1));
  const half = normalQuantile(1 - alpha / 2) * error;
  const p = error === 0 ? (log === 0 ? 1 : 0) : 2 * normalCdf(-Math.abs(log / error));
  return { ratio: Math.exp(log), lo: Math.exp(log - half), hi: Math.exp(log + half), p };
}

/**
 * Mean of ln(a/b) over paired positive values (tokens, latency, cost of the same rows), as a factor a/b with a
 * percentile bootstrap interval.
 */
export function pairedFactor(
  a: readonly number[],
  b: readonly number[],
  options: { readonly alpha: number; readonly random: Random; readonly draws?: number },
): RatioEstimate {
  const logs = Float64Array.from(a, (v, i) => Math.log(v / (b[i] as number)));
  const n = logs.length;
  const means = new Float64Array(options.draws ?? 2000);
  for (let d = 0; d < means.length; d++) {
    let total = 0;
    for (let i = 0; i < n; i++) total += logs[Math.floor(options.random() * n)] as number;
    means[d] = total / n;
  }
  means.sort();
  const at = (q: number) => Math.exp(means[Math.min(means.length - 1, Math.floor(q * means.length))] ?? 0);
  return { ratio: Math.exp(sum([...logs]) / n), lo: at(options.alpha / 2), hi: at(1 - options.alpha / 2) };
}

function sum(values: readonly number[]): number {
  return values.reduce((s, v) => s + v, 0);
}
