import type { Random } from "../../base/random.ts";
import { sortedQuantile } from "./bootstrap.ts";
import { type Bounds, wilson } from "./proportion.ts";

/** One bar of a reliability diagram. */
export interface CalibrationBin {
  readonly count: number;
  readonly confidence: number;
  readonly accuracy: number;
  /** Wilson interval of the accuracy. */
  readonly interval: Bounds;
}

export interface CalibrationError {
  /** Expected calibration error: mean gap between confidence and accuracy, weighted by bin size. */
  readonly ece: number;
  /** Largest gap of any bin. */
  readonly mce: number;
  readonly bins: readonly CalibrationBin[];
}

/** ECE with bins of equal width, (m/M, (m+1)/M], confidence 0 in the first (Guo et al. 2017). Biased upward for few rows. */
export function calibrationError(
  confidence: readonly number[],
  correct: readonly number[],
  bins = 10,
): CalibrationError {
  const members: number[][] = Array.from({ length: bins }, () => []);
  confidence.forEach((c, i) => {
    members[Math.min(bins - 1, Math.max(0, Math.ceil(c * bins) - 1))]?.push(i);
  });
  return summarise(members, confidence, correct);
}

/**
 * The bins of equal mass behind `adaptiveCalibrationError`, as the bin of each row, except that equal confidences always share
 * one: where only a few values occur, each becomes a bin of its own, and none is split by the order of rows.
 */
export function massBins(confidence: ArrayLike<number>, bins = 10): Uint16Array {
  const n = confidence.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => (confidence[i] as number) - (confidence[j] as number) || i - j,
  );
  const out = new Uint16Array(n);
  const base = Math.floor(n / bins);
  const longer = n % bins;
  let bin = 0;
  let held = 0;
  for (let at = 0; at < n; at++) {
    const i = order[at] as number;
    const full = held >= base + (bin < longer ? 1 : 0);
    if (held > 0 && full && confidence[order[at - 1] as number] !== confidence[i]) {
      bin += 1;
      held = 0;
    }
    out[i] = bin;
    held += 1;
  }
  return out;
}

/** The calibration error over given bins, with the percentile bootstrap interval of the ECE over rows; the bins stay. */
export function binnedCalibration(
  confidence: ArrayLike<number>,
  correct: ArrayLike<number>,
  binOf: Uint16Array,
  options: { readonly alpha: number; readonly random: Random; readonly draws: number },
): CalibrationError & { readonly interval: Bounds } {
  const n = confidence.length;
  const width = n === 0 ? 0 : Math.max(...new Set(binOf)) + 1;
  const members: number[][] = Array.from({ length: width }, () => []);
  for (let i = 0; i < n; i++) members[binOf[i] as number]?.push(i);
  const gaps = new Float64Array(width);
  const eces = new Float64Array(options.draws);
  for (let d = 0; d < eces.length; d++) {
    gaps.fill(0);
    for (let k = 0; k < n; k++) {
      const i = (options.random() * n) | 0;
      const bin = binOf[i] as number;
      gaps[bin] = (gaps[bin] as number) + (confidence[i] as number) - (correct[i] as number);
    }
    let total = 0;
    for (const gap of gaps) total += Math.abs(gap);
    eces[d] = total / n;
  }
  eces.sort();
  const interval: Bounds =
    n === 0 ? [0, 1] : [sortedQuantile(eces, options.alpha / 2), sortedQuantile(eces, 1 - options.alpha / 2)];
  return { ...summarise(members, Array.from(confidence), Array.from(correct)), interval };
}

/** ECE with bins of equal mass (adaptive ECE, Nguyen & O'Connor 2015): steadier where confidences crowd together. */
export function adaptiveCalibrationError(
  confidence: readonly number[],
  correct: readonly number[],
  bins = 10,
): CalibrationError {
  const order = confidence
    .map((_, i) => i)
    .sort((i, j) => (confidence[i] as number) - (confidence[j] as number) || i - j);
  const base = Math.floor(order.length / bins);
  const longer = order.length % bins;
  const members: number[][] = [];
  let start = 0;
  for (let b = 0; b < bins; b++) {
    const size = base + (b < longer ? 1 : 0);
    members.push(order.slice(start, start + size));
    start += size;
  }
  return summarise(members, confidence, correct);
}

/** Percentile bootstrap interval for either error. */
export function calibrationInterval(
  measure: (confidence: readonly number[], correct: readonly number[], bins: number) => CalibrationError,
  confidence: readonly number[],
  correct: readonly number[],
  options: { readonly alpha: number; readonly random: Random; readonly bins?: number; readonly draws?: number },
): Bounds {
  const n = confidence.length;
  const values = new Float64Array(options.draws ?? 1000);
  for (let d = 0; d < values.length; d++) {
    const picks = Array.from({ length: n }, () => Math.floor(options.random() * n));
    values[d] = measure(
      picks.map((i) => confidence[i] as number),
      picks.map((i) => correct[i] as number),
      options.bins ?? 10,
    ).ece;
  }
  values.sort();
  return [sortedQuantile(values, options.alpha / 2), sortedQuantile(values, 1 - options.alpha / 2)];
}

/** Brier score (1950): mean squared gap between confidence and outcome; 0 is perfect, proper. */
export function brier(confidence: readonly number[], correct: readonly number[]): number {
  return mean(confidence.map((c, i) => (c - (correct[i] as number)) ** 2));
}

/** Mean negative log likelihood of the outcomes, in nats; confidences are kept 1e-15 away from 0 and 1. */
export function logLoss(confidence: readonly number[], correct: readonly number[]): number {
  return mean(
    confidence.map((c, i) => {
      const p = Math.min(1 - 1e-15, Math.max(1e-15, c));
      return -((correct[i] as number) * Math.log(p) + (1 - (correct[i] as number)) * Math.log(1 - p));
    }),
  );
}

function summarise(
  members: readonly (readonly number[])[],
  confidence: readonly number[],
  correct: readonly number[],
): CalibrationError {
  let ece = 0;
  let mce = 0;
  const bins: CalibrationBin[] = [];
  for (const rows of members) {
    if (rows.length === 0) continue;
    const right = rows.reduce((s, i) => s + (correct[i] as number), 0);
    const bin: CalibrationBin = {
      count: rows.length,
      confidence: mean(rows.map((i) => confidence[i] as number)),
      accuracy: right / rows.length,
      interval: wilson(right, rows.length, 0.05),
    };
    const gap = Math.abs(bin.accuracy - bin.confidence);
    ece += (gap * bin.count) / confidence.length;
    mce = Math.max(mce, gap);
    bins.push(bin);
  }
  return { ece, mce, bins };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((s, v) => s + v, 0) / values.length;
}
