import { boundOf, CERTAIN, expectedSquare, MOST_AT_RISK, type Position, stakeOf } from "../stats/betting.ts";

/** Part of the purse that goes by the first rows at once, for large differences; the rest learns slowly, for small ones. */
const QUICK_PART = 0.2;
const QUICK_ROWS = 10;
const SLOW_SHARE = 1 / 6;

/**
 * The purses of many players: each bets against a claim of its own, and stakes what its own past makes it expect. See
 * `stats/betting.ts` for the bet; whatever is staked, a claim that is true is seldom refuted.
 */
export class Purses {
  readonly #rows: number;
  readonly #alpha: number;
  readonly #target: number;
  readonly #quick: number[] = [];
  readonly #slow: number[] = [];
  /** Per player: sum of the squared differences so far, and their number. */
  readonly #squares: number[] = [];
  readonly #counted: number[] = [];

  /** No more is staked than wins `target`, where reaching that ends the game. */
  constructor(rows: number, alpha: number, players: number, target = Number.POSITIVE_INFINITY) {
    this.#rows = rows;
    this.#alpha = alpha;
    this.#target = target * (1 + 1e-9);
    for (let i = 0; i < players; i++) this.add();
  }

  /** One more player, with 1. */
  add(): void {
    this.#quick.push(QUICK_PART);
    this.#slow.push(1 - QUICK_PART);
    this.#squares.push(0);
    this.#counted.push(0);
  }

  /** Settles a difference. `square` is its square, or the mean of the squares where it is a mean over several opponents. */
  bet(player: number, difference: number, at: Position, square = difference * difference): void {
    const bound = boundOf(at);
    if (bound <= -1) {
      // What is left cannot reach it: the claim is refuted outright.
      this.#slow[player] = Number.POSITIVE_INFINITY;
      return;
    }
    if (bound >= 1) return;
    const squares = this.#squares[player] as number;
    const counted = this.#counted[player] as number;
    const expected = expectedSquare(squares, counted);
    const most = MOST_AT_RISK / (1 + bound);
    const bold = stakeOf(at, this.#rows, this.#alpha, QUICK_ROWS, expected);
    const careful = stakeOf(at, this.#rows, this.#alpha, this.#rows * SLOW_SHARE, expected);
    const quick = (this.#quick[player] as number) * Math.min(most, bold);
    const slow = (this.#slow[player] as number) * Math.min(most, careful);
    const needed = this.#target - this.of(player);
    const atBest = (quick + slow) * (1 - bound);
    const part = atBest > needed ? Math.max(0, needed) / atBest : 1;
    this.#quick[player] = (this.#quick[player] as number) + part * quick * (difference - bound);
    this.#slow[player] = (this.#slow[player] as number) + part * slow * (difference - bound);
    this.#squares[player] = squares + square;
    this.#counted[player] = counted + 1;
  }

  /** Wealth from an initial 1; infinite when the claim is refuted outright. */
  of(player: number): number {
    return (this.#quick[player] as number) + (this.#slow[player] as number);
  }
}

/** Natural logarithm that survives JSON: between -700 and 700. */
export function boundedLog(wealth: number): number {
  return Math.max(-CERTAIN, Math.min(CERTAIN, Math.log(wealth)));
}
