import { type Random, shuffled } from "../../src/base/random.ts";
import { openPatience } from "../../src/engine/decide/patience.ts";
import { bernoulliKl, empiricalBernsteinRadius } from "../../src/engine/stats/concentration.ts";
import { twoProportionTest } from "../../src/engine/stats/proportion.ts";
import type { Matrix } from "./matrices.ts";

/** Which variant a rule names, and what it spent. */
export interface Pick {
  readonly winner: number;
  readonly calls: number;
}

/**
 * The simple rules together: looks at 50, 100, 200, 400 and 500 rows; the patience rule drops, so does an unpaired z test
 * against the best at p < .05, and Wald intervals narrower than .05 stop.
 */
export function naiveDoubling(matrix: Matrix, order: readonly number[]): Pick {
  const patience = openPatience();
  let active = matrix.columns.map((_, v) => v);
  const sums = matrix.columns.map(() => 0);
  let calls = 0;
  let done = 0;
  const last = Math.min(500, matrix.size);
  for (const look of [50, 100, 200, 400, 500].map((n) => Math.min(n, last))) {
    if (look <= done) break;
    for (const v of active)
      for (let t = done; t < look; t++) sums[v] = (sums[v] as number) + score(matrix, v, order[t]);
    calls += active.length * (look - done);
    done = look;
    const dropped = patience.look(new Map(active.map((v) => [v, (sums[v] as number) / done])));
    if (dropped.length < active.length) active = active.filter((v) => !dropped.includes(v));
    const first = best(active, sums);
    const worse = (v: number) => twoProportionTest(sums[first] as number, done, sums[v] as number, done).p < 0.05;
    active = active.filter((v) => v === first || !worse(v));
    if (active.length === 1) break;
    const width = (v: number) =>
      2 * 1.96 * Math.sqrt((((sums[v] as number) / done) * (1 - (sums[v] as number) / done)) / done);
    if (active.every((v) => width(v) < 0.05)) break;
  }
  return { winner: best(active, sums), calls };
}

/** Runs so many rows on every variant and names the best. */
export function firstRows(matrix: Matrix, order: readonly number[], rows: number): Pick {
  const n = Math.min(rows, matrix.size);
  const sums = matrix.columns.map((_, v) => {
    let sum = 0;
    for (let t = 0; t < n; t++) sum += score(matrix, v, order[t]);
    return sum;
  });
  return {
    winner: best(
      matrix.columns.map((_, v) => v),
      sums,
    ),
    calls: n * matrix.columns.length,
  };
}

/** Empirical-Bernstein race (Mnih, Szepesvári, Audibert 2008) with margin e, unpaired bounds, error shared over time and variants. */
export function bernsteinRace(matrix: Matrix, order: readonly number[], equivalence: number): Pick {
  const k = matrix.columns.length;
  let active = matrix.columns.map((_, v) => v);
  const sums = new Array<number>(k).fill(0);
  let calls = 0;
  for (let t = 1; t <= matrix.size; t++) {
    for (const v of active) sums[v] = (sums[v] as number) + score(matrix, v, order[t - 1]);
    calls += active.length;
    const radius = (v: number) => {
      const p = (sums[v] as number) / t;
      return empiricalBernsteinRadius(t, p * (1 - p), 0.05 / (k * t * (t + 1)));
    };
    const leader = best(active, sums);
    const floor = (sums[leader] as number) / t - radius(leader) + equivalence;
    active = active.filter((v) => v === leader || (sums[v] as number) / t + radius(v) >= floor);
    if (active.length === 1) break;
  }
  return { winner: best(active, sums), calls };
}

/** UCB-E (Audibert, Bubeck, Munos 2010; for prompts Zhou et al. 2025), a = 1, every arm on its own random rows. */
export function ucbE(matrix: Matrix, budget: number, random: Random): Pick {
  const k = matrix.columns.length;
  const rows = matrix.columns.map(() => shuffled([...Array(matrix.size).keys()], random));
  const pulls = new Array<number>(k).fill(0);
  const sums = new Array<number>(k).fill(0);
  let calls = 0;
  for (; calls < budget; calls++) {
    let arm = -1;
    let top = -1;
    for (let v = 0; v < k; v++) {
      const n = pulls[v] as number;
      if (n >= matrix.size) continue;
      const index = n === 0 ? 10 + random() : (sums[v] as number) / n + Math.sqrt(1 / n) + 1e-9 * random();
      if (index > top) {
        top = index;
        arm = v;
      }
    }
    if (arm < 0) break;
    sums[arm] = (sums[arm] as number) + score(matrix, arm, rows[arm]?.[pulls[arm] as number]);
    pulls[arm] = (pulls[arm] as number) + 1;
  }
  const means = sums.map((s, v) => (pulls[v] === 0 ? 0 : s / (pulls[v] as number)));
  return {
    winner: best(
      matrix.columns.map((_, v) => v),
      means,
    ),
    calls,
  };
}

/**
 * Calls of a paired test that knows the answer: for each rival, kl(.05, .95) over the information of a row, adjusted for
 * the finite population, n / (1 + n / N); the best runs as long as its hardest rival.
 */
export function pairedOracle(matrix: Matrix): number {
  const sums = matrix.scores.map((c) => c.reduce((a, b) => a + b, 0));
  const top = best(
    matrix.columns.map((_, v) => v),
    sums,
  );
  const rows = matrix.columns.map((_, v) => {
    if (v === top) return 0;
    let wins = 0;
    let losses = 0;
    for (let t = 0; t < matrix.size; t++) {
      const d = score(matrix, top, t) - score(matrix, v, t);
      if (d > 0) wins++;
      else if (d < 0) losses++;
    }
    if (wins <= losses) return matrix.size;
    const information = ((wins + losses) / matrix.size) * bernoulliKl(wins / (wins + losses), 0.5);
    const needed = bernoulliKl(0.05, 0.95) / information;
    return needed / (1 + needed / matrix.size);
  });
  return rows.reduce((a, b) => a + b, 0) + Math.max(...rows);
}

function score(matrix: Matrix, variant: number, row: number | undefined): number {
  return (matrix.scores[variant] as Float64Array)[row as number] as number;
}

function best(variants: readonly number[], values: readonly number[]): number {
  let pick = variants[0] as number;
  for (const v of variants) if ((values[v] as number) > (values[pick] as number)) pick = v;
  return pick;
}
