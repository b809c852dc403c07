import {
  bettingInterval,
  CERTAIN,
  finiteBettingPath,
  INTERVAL_STAKES,
  logMeanExp,
  pairedBettingInterval,
} from "../stats/betting.ts";
import type { Interval } from "./sampler.ts";

/** Two variants on the rows both were seen on. */
export interface PairedCounts {
  readonly rows: number;
  /** Rows on which the first scored more, and less. */
  readonly wins: number;
  readonly losses: number;
  /** Sum of the differences. */
  readonly sum: number;
  readonly differences: Float64Array;
  /** All differences are -1, 0 or 1. */
  readonly whole: boolean;
}

export function pairedCounts(differences: Float64Array): PairedCounts {
  let wins = 0;
  let losses = 0;
  let sum = 0;
  let whole = true;
  for (const d of differences) {
    sum += d;
    if (d > 0) wins++;
    else if (d < 0) losses++;
    if (d !== 0 && d !== 1 && d !== -1) whole = false;
  }
  return { rows: differences.length, wins, losses, sum, differences, whole };
}

/** Mean difference; 0 without rows. */
export function meanDifference(pair: PairedCounts): number {
  return pair.rows === 0 ? 0 : pair.sum / pair.rows;
}

/** Interval for the difference on future rows that holds at every look at once. */
export function anytimeInterval(pair: PairedCounts, alpha: number): Interval {
  return pair.whole
    ? pairedBettingInterval(pair.wins, pair.losses, pair.rows, alpha, INTERVAL_STAKES)
    : bettingInterval(pair.differences, alpha, INTERVAL_STAKES);
}

/**
 * Largest log wealth that a bet against "the mean difference is at most -slack" ever had, over differences in the stored
 * order. With `size` the claim is about all `size` rows, without it about future ones.
 */
export function pairEvidence(
  differences: readonly number[],
  slack: number,
  grid: readonly number[],
  size: number | undefined,
): number {
  if (size !== undefined) {
    const sum = differences.reduce((a, b) => a + b, 0);
    // What is left cannot bring the mean down to -slack.
    if (sum + size * slack >= size - differences.length) return CERTAIN;
    return finiteBettingPath(differences, size, slack, grid).reduce((best, x) => Math.max(best, x), 0);
  }
  const logs = new Array<number>(grid.length).fill(0);
  let best = 0;
  for (const d of differences) {
    grid.forEach((c, g) => {
      logs[g] = (logs[g] as number) + Math.log1p((c * (d + slack)) / (1 - slack));
    });
    best = Math.max(best, logMeanExp(logs));
  }
  return best;
}
