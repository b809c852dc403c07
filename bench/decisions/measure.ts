import { seededRandom } from "../../src/base/random.ts";
import { storedOrder } from "../../src/engine/decide/order.ts";
import { bernsteinRace, firstRows, naiveDoubling, type Pick, pairedOracle, ucbE } from "./baselines.ts";
import type { Matrix } from "./matrices.ts";
import { drive, pickOf } from "./run.ts";

/** How a rule did over many orders. */
export interface Tally {
  /** Share of orders in which the named variant is more than the margin below the best of the full matrix. */
  readonly wrong: number;
  /** The same with a margin of 2 points. */
  readonly wrongByTwo: number;
  /** Mean calls over those of a full run. */
  readonly calls: number;
  readonly mostCalls: number;
}

export interface SetResult {
  readonly name: string;
  readonly variants: number;
  readonly rows: number;
  /** Best minus worst mean. */
  readonly spread: number;
  readonly naive: Tally;
  readonly first: Tally;
  readonly bernstein: Tally;
  readonly exact: Tally;
  readonly one: Tally;
  readonly two: Tally;
  readonly strict: Tally;
  /** At the mean calls of `one`. */
  readonly ucbE: Tally;
  readonly halving: Tally;
  /** Calls of the paired oracle over those of a full run. */
  readonly oracle: number;
}

/** Runs every rule on one matrix over `orders` random orders. */
export function measure(matrix: Matrix, orders: number, seed: string): SetResult {
  const over = (rule: (order: readonly number[], r: number) => Pick, margin = 0.01, count = orders) =>
    tally(matrix, count, margin, (r) => rule(storedOrder(matrix.size, `${seed}/${matrix.name}/${r}`), r));
  const race = (equivalence: number, strict = false) =>
    over((order) => pickOf(drive(matrix, order, { equivalence, strict })), Math.max(equivalence, 0.01));
  const one = race(0.01);
  const budget = Math.round(one.calls * matrix.size * matrix.columns.length);
  const means = sums(matrix).map((s) => s / matrix.size);
  return {
    name: matrix.name,
    variants: matrix.columns.length,
    rows: matrix.size,
    spread: Math.max(...means) - Math.min(...means),
    naive: over((order) => naiveDoubling(matrix, order)),
    first: over((order) => firstRows(matrix, order, 100)),
    bernstein: over((order) => bernsteinRace(matrix, order, 0.01), 0.01, Math.min(orders, 50)),
    exact: race(0),
    one,
    two: race(0.02),
    strict: race(0.01, true),
    ucbE: over((_, r) => ucbE(matrix, budget, seededRandom(seed, "ucb", matrix.name, r))),
    halving: over((order) =>
      pickOf(drive(matrix, order, { mode: "halving", budget: Math.max(budget, 2 * matrix.columns.length * 5) })),
    ),
    oracle: pairedOracle(matrix) / (matrix.size * matrix.columns.length),
  };
}

export function tally(matrix: Matrix, orders: number, margin: number, rule: (r: number) => Pick): Tally {
  const totals = sums(matrix);
  const top = Math.max(...totals);
  const full = matrix.size * matrix.columns.length;
  let wrong = 0;
  let wrongByTwo = 0;
  let calls = 0;
  let mostCalls = 0;
  for (let r = 0; r < orders; r++) {
    const pick = rule(r);
    const loss = top - (totals[pick.winner] as number);
    if (loss > margin * matrix.size + 1e-9) wrong++;
    if (loss > 0.02 * matrix.size + 1e-9) wrongByTwo++;
    calls += pick.calls;
    mostCalls = Math.max(mostCalls, pick.calls);
  }
  return {
    wrong: wrong / orders,
    wrongByTwo: wrongByTwo / orders,
    calls: calls / orders / full,
    mostCalls: mostCalls / full,
  };
}

function sums(matrix: Matrix): number[] {
  return matrix.scores.map((c) => c.reduce((a, b) => a + b, 0));
}
