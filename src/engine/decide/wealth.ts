import { CERTAIN } from "../stats/betting.ts";

/**
 * The purses of many players: each bets against a claim of its own, with every stake of the grid at once, and holds the
 * mean. See `stats/betting.ts` for the bet.
 */
export class Purses {
  readonly #grid: readonly number[];
  readonly #wealth: number[] = [];

  constructor(grid: readonly number[], players: number) {
    this.#grid = grid;
    for (let i = 0; i < players; i++) this.add();
  }

  /** One more player, with 1. */
  add(): void {
    for (let g = 0; g < this.#grid.length; g++) this.#wealth.push(1);
  }

  /** Settles a difference against the claim "the mean of what is left is at most m". */
  bet(player: number, difference: number, m: number): void {
    const from = player * this.#grid.length;
    if (m <= -1) {
      // What is left cannot reach it: the claim is refuted outright.
      for (let g = 0; g < this.#grid.length; g++) this.#wealth[from + g] = Number.POSITIVE_INFINITY;
      return;
    }
    if (m >= 1) return;
    const odds = (difference - m) / (1 + m);
    for (let g = 0; g < this.#grid.length; g++) {
      this.#wealth[from + g] = (this.#wealth[from + g] as number) * (1 + (this.#grid[g] as number) * odds);
    }
  }

  /** Wealth from an initial 1; infinite when the claim is refuted outright. */
  of(player: number): number {
    const from = player * this.#grid.length;
    let sum = 0;
    for (let g = 0; g < this.#grid.length; g++) sum += this.#wealth[from + g] as number;
    return sum / this.#grid.length;
  }
}

/** Natural logarithm that survives JSON: between -700 and 700. */
export function boundedLog(wealth: number): number {
  return Math.max(-CERTAIN, Math.min(CERTAIN, Math.log(wealth)));
}
