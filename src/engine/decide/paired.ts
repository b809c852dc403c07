import { bettingInterval, CERTAIN, INTERVAL_STAKES, pairedBettingInterval } from "../stats/betting.ts";
import type { Interval } from "./sampler.ts";
import { boundedLog, Purses } from "./wealth.ts";

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
 * order. With `size` the claim is about that many rows, of which these came first; without it about future ones. `rows` is
 * what there is to decide by, `certain` that no more rows will turn out to be missing.
 */
export function pairEvidence(
  differences: readonly number[],
  slack: number,
  test: { readonly rows: number; readonly alpha: number; readonly size: number | undefined; readonly certain: boolean },
): number {
  const { size } = test;
  const purse = new Purses(test.rows, test.alpha, 1);
  let lead = 0;
  let best = 0;
  differences.forEach((d, seen) => {
    const left = size === undefined ? Number.POSITIVE_INFINITY : size - seen;
    if (test.certain || lead + seen * slack >= 0) purse.bet(0, d, { lead, seen, left, slack });
    lead += d;
    best = Math.max(best, boundedLog(purse.of(0)));
  });
  // What is left cannot bring the mean down to -slack.
  const settled = size !== undefined && lead + size * slack >= size - differences.length;
  return settled ? CERTAIN : best;
}
