import type { Bounds } from "./proportion.ts";
import { bisect } from "./roots.ts";

/*
 * Testing by betting (Waudby-Smith & Ramdas, JRSSB 2024; Ville 1939). A player with one coin bets on paired differences
 * D in [-1, 1] against "their mean is at most m". Each stake is c(D - m)/(1 + m) with c in [0, 1), so that he can never
 * owe; if the claim is true his expected wealth never grows, and it reaches 1/alpha at any time with chance at most
 * alpha. Wealth is averaged over a grid of stakes c. Logarithms throughout; `CERTAIN` stands for infinite wealth.
 */

export const CERTAIN = 700;
export const DEFAULT_STAKES: readonly number[] = [0.15, 0.3, 0.6];
/** For intervals that are shown: narrower than the default from some 100 rows on, 1.5 times a fixed-size interval at 500. */
export const INTERVAL_STAKES: readonly number[] = [0.2, 0.4];

/** What a bettor goes by: the rows before the next one, and what he bets against. */
export interface Position {
  /** Sum of the differences so far, and the rows they are from. */
  readonly lead: number;
  readonly seen: number;
  /** Rows that are left, the next one included; infinite where the claim is about rows to come. */
  readonly left: number;
  /** The claim: the mean difference is at most minus this. */
  readonly slack: number;
}

/** The most that the mean difference of the rows left can be if the claim is true. */
export function boundOf({ lead, seen, left, slack }: Position): number {
  return -slack - (lead + seen * slack) / left;
}

/** Never more of the purse than this, so that one row cannot empty it. */
export const MOST_AT_RISK = 0.9;
/** Before anything is seen: a squared difference of 0.2 on average, held as firmly as 60 rows would show it. */
const USUAL_SQUARE = 0.2;
const SQUARE_ROWS = 60;
/** Before anything is seen: a lead of 1.5 times the smallest that so many rows can show. */
const HOPED_LEAD = 1.5;

/**
 * Stake per unit of difference on the next row, from the rows before it: the expected advantage over the expected square,
 * which is what makes wealth grow fastest (Kelly 1956), with both expectations drawn towards what is usual. One stake that
 * learns beats a fixed grid, of which all but one are always wrong. Drawn without replacement, the rows left must show a
 * difference (seen + left) / left times as large as the whole does, and the stake grows with it, as the likelihood ratio
 * of a Brownian bridge would. Any stake that is fixed before its row is valid.
 * @param rows about as many as there are to decide by
 * @param held how many rows of evidence the expected advantage is held with before any is seen
 * @param square the expected square of a difference, see `expectedSquare`
 */
export function stakeOf(at: Position, rows: number, alpha: number, held: number, square: number): number {
  const least = Math.sqrt((2 * Math.log(1 / alpha) * square) / rows);
  const advantage = (at.lead + at.seen * at.slack + HOPED_LEAD * least * held) / (at.seen + held);
  return (Math.max(0, advantage) / square) * (1 + at.seen / at.left);
}

/** From the sum of squared differences on `rows` rows. */
export function expectedSquare(squares: number, rows: number): number {
  return (USUAL_SQUARE * SQUARE_ROWS + squares) / (SQUARE_ROWS + rows);
}

/** Logarithm of the mean of exp(values). */
export function logMeanExp(values: readonly number[]): number {
  const top = Math.max(...values);
  if (!Number.isFinite(top)) return top;
  let sum = 0;
  for (const v of values) sum += Math.exp(v - top);
  return top + Math.log(sum / values.length);
}

/** Log wealth against "mean(D) <= m" after `wins` differences of 1, `losses` of -1 and the rest 0: order does not matter. */
export function pairedBettingLogE(
  wins: number,
  losses: number,
  n: number,
  m: number,
  grid: readonly number[] = DEFAULT_STAKES,
): number {
  return logMeanExp(
    grid.map(
      (c) =>
        xlog(wins, 1 + (c * (1 - m)) / (1 + m)) + xlog(losses, 1 - c) + xlog(n - wins - losses, 1 - (c * m) / (1 + m)),
    ),
  );
}

/**
 * Time-uniform confidence interval for a mean paired difference of future rows, from counts alone: each side at
 * alpha / 2.
 */
export function pairedBettingInterval(
  wins: number,
  losses: number,
  n: number,
  alpha: number,
  grid: readonly number[] = DEFAULT_STAKES,
): Bounds {
  const level = Math.log(2 / alpha);
  const low = (w: number, l: number) =>
    n === 0 ? -1 : bisect((m) => pairedBettingLogE(w, l, n, m, grid) - level, -1 + 1e-12, 1 - 1e-12);
  return [low(wins, losses), -low(losses, wins)];
}

/** The same interval for differences that are not only -1, 0 and 1. */
export function bettingInterval(
  differences: ArrayLike<number>,
  alpha: number,
  grid: readonly number[] = DEFAULT_STAKES,
): Bounds {
  const n = differences.length;
  if (n === 0) return [-1, 1];
  const level = Math.log(2 / alpha);
  const low = (sign: 1 | -1) =>
    bisect(
      (m) => {
        const logs = grid.map((c) => {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += Math.log1p((c * (sign * (differences[i] as number) - m)) / (1 + m));
          return sum;
        });
        return logMeanExp(logs) - level;
      },
      -1 + 1e-12,
      1 - 1e-12,
      50,
    );
  return [low(1), -low(-1)];
}

/**
 * Log wealth after each of the differences drawn without replacement from `size` rows, against "their mean over all
 * rows is at most -slack": the bet is settled against the mean the unseen rows would then have to have.
 */
export function finiteBettingPath(
  differences: readonly number[],
  size: number,
  slack: number,
  grid: readonly number[] = DEFAULT_STAKES,
): number[] {
  const logs = new Array<number>(grid.length).fill(0);
  let sum = 0;
  let certain = false;
  return differences.map((d, t) => {
    const m = (-size * slack - sum) / (size - t);
    sum += d;
    if (m <= -1) certain = true;
    else if (m < 1) {
      grid.forEach((c, g) => {
        logs[g] = (logs[g] as number) + Math.log1p((c * (d - m)) / (1 + m));
      });
    }
    return certain ? CERTAIN : logMeanExp(logs);
  });
}

/**
 * Time-uniform interval for the mean difference over all `size` rows, from the ones drawn so far; a point when all are
 * drawn. Runs the two bets for each candidate mean.
 */
export function finiteBettingInterval(
  differences: readonly number[],
  size: number,
  alpha: number,
  grid: readonly number[] = DEFAULT_STAKES,
): Bounds {
  const level = Math.log(2 / alpha);
  const seen = differences.reduce((s, d) => s + d, 0);
  const left = size - differences.length;
  const reachable: Bounds = [(seen - left) / size, (seen + left) / size];
  if (left === 0) return reachable;
  const low = (values: readonly number[], from: number, to: number) =>
    bisect((mean) => (finiteBettingPath(values, size, -mean, grid).at(-1) ?? 0) - level, from, to, 50);
  const negated = differences.map((d) => -d);
  const centre = seen / Math.max(1, differences.length);
  const inside = Math.min(reachable[1], Math.max(reachable[0], centre));
  return [low(differences, reachable[0], inside), -low(negated, -reachable[1], -inside)];
}

function xlog(x: number, y: number): number {
  return x === 0 ? 0 : x * Math.log(y);
}
