import { seededRandom, shuffled } from "../../base/random.ts";

/**
 * The order in which a run takes its rows: a permutation of 0 … rows - 1 from the seed alone. It is drawn, and stored,
 * before the first call; every path through the product uses this one, so that they stop at the same row.
 */
export function storedOrder(rows: number, seed: number | string): number[] {
  return shuffled(
    Array.from({ length: rows }, (_, i) => i),
    seededRandom("order", seed),
  );
}
