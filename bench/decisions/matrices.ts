import { existsSync, readFileSync } from "node:fs";
import { type Random, seededRandom, shuffled } from "../../src/base/random.ts";
import { parseMatrix } from "../../src/engine/decide/matrix.ts";
import { normalDraw } from "../../src/engine/stats/draws.ts";
import { normalQuantile } from "../../src/engine/stats/normal.ts";

/** Scores by variant and row. */
export interface Matrix {
  readonly name: string;
  readonly size: number;
  readonly columns: readonly string[];
  readonly scores: readonly Float64Array[];
}

/** The recorded matrices beside the repository; empty when they are not there. */
export function realMatrices(): Matrix[] {
  const out: Matrix[] = [];
  for (const [file, set] of [
    ["csqa_re2_correct.csv", "CSQA"],
    ["gsm8k_correct.csv", "GSM8K"],
  ] as const) {
    const url = new URL(`../../../shared/data/matrices/${file}`, import.meta.url);
    if (!existsSync(url)) continue;
    const table = parseMatrix(readFileSync(url, "utf8"), file);
    const all: Matrix = {
      name: `${set}-${table.columns.length}`,
      size: table.rows.length,
      columns: table.columns,
      scores: table.columns.map((_, v) => Float64Array.from(table.rows, (r) => r[v] as number)),
    };
    const models = ["davinci003", "gpt35turbo", "gpt4omini"];
    for (const model of models) {
      const keep = all.columns.map((c, v) => (c.startsWith(`${model}__`) ? v : -1)).filter((v) => v >= 0);
      out.push(pick(all, keep, `${set} ${model}`));
    }
    out.push(all);
  }
  return out;
}

function pick(matrix: Matrix, columns: readonly number[], name: string): Matrix {
  return {
    name,
    size: matrix.size,
    columns: columns.map((v) => matrix.columns[v] as string),
    scores: columns.map((v) => matrix.scores[v] as Float64Array),
  };
}

/** Rows share a difficulty: right when a normal with tetrachoric correlation rho falls under the quantile of the accuracy. */
export function copula(name: string, accuracies: readonly number[], size: number, rho: number, random: Random): Matrix {
  const bars = accuracies.map(normalQuantile);
  const scores = accuracies.map(() => new Float64Array(size));
  for (let row = 0; row < size; row++) {
    const shared = normalDraw(random) * Math.sqrt(rho);
    for (let v = 0; v < bars.length; v++) {
      const own = normalDraw(random) * Math.sqrt(1 - rho);
      (scores[v] as Float64Array)[row] = shared + own <= (bars[v] as number) ? 1 : 0;
    }
  }
  return { name, size, columns: accuracies.map((_, v) => `v${v}`), scores };
}

/** The same with exact column sums: entries are flipped at random rows until each column has its count. */
function exactCopula(name: string, counts: readonly number[], size: number, rho: number, random: Random): Matrix {
  const matrix = copula(
    name,
    counts.map((c) => Math.min(0.999, Math.max(0.001, c / size))),
    size,
    rho,
    random,
  );
  matrix.scores.forEach((column, v) => {
    const goal = counts[v] as number;
    let sum = column.reduce((a, b) => a + b, 0);
    for (const row of shuffled([...column.keys()], random)) {
      if (sum === goal) break;
      const want = sum < goal ? 1 : 0;
      if (column[row] === want) continue;
      column[row] = want;
      sum += want === 1 ? 1 : -1;
    }
  });
  return matrix;
}

/** The same with its columns in another order, so that "ties to the first" favours nobody. */
export function mixed(matrix: Matrix, random: Random): Matrix {
  const order = shuffled([...matrix.columns.keys()], random);
  return { ...matrix, scores: order.map((v) => matrix.scores[v] as Float64Array) };
}

export const SCENARIOS: readonly { readonly name: string; readonly accuracies: readonly number[] }[] = [
  { name: "K2 .78 .74", accuracies: [0.78, 0.74] },
  { name: "K4 .80 .75 .70 .60", accuracies: [0.8, 0.75, 0.7, 0.6] },
  { name: "K5 top-2 tied", accuracies: [0.8, 0.8, 0.74, 0.7, 0.65] },
  { name: "K8 mixed", accuracies: [0.82, 0.8, 0.78, 0.75, 0.72, 0.7, 0.65, 0.6] },
  { name: "K12 clear winner", accuracies: [0.81, ...new Array<number>(11).fill(0.7)] },
  { name: "K20 staircase 1 pp", accuracies: Array.from({ length: 20 }, (_, i) => 0.85 - 0.01 * i) },
  { name: "K10 all tied", accuracies: new Array<number>(10).fill(0.75) },
  { name: "K4 .96 .95 .93 .88", accuracies: [0.96, 0.95, 0.93, 0.88] },
];

/**
 * Finite sets at the error boundary: the best leads by one row more than e, so that naming any variant of the second
 * group is wrong. Slippage (all others level), chains (steps of .5 to 1 e) and clusters.
 */
export function adversarial(seed: string, thin: number): { matrix: Matrix; equivalence: number }[] {
  const out: { matrix: Matrix; equivalence: number }[] = [];
  let at = 0;
  for (const k of [2, 3, 5, 10, 20]) {
    for (const equivalence of [0.01, 0.02, 0.04]) {
      for (const rho of [0.5, 0.9]) {
        for (const base of [0.75, 0.92]) {
          for (const shape of k === 2 ? ["slippage"] : ["slippage", "chain", "cluster"]) {
            if (at++ % thin !== 0) continue;
            const size = 500;
            const top = Math.round(base * size);
            const gap = Math.floor(equivalence * size) + 1;
            const counts = Array.from({ length: k }, (_, i) => {
              if (i === 0) return top;
              if (shape === "slippage") return top - gap;
              const step = (0.5 + (0.5 * ((i * 7) % 11)) / 10) * gap;
              if (shape === "chain") return Math.max(size / 10, top - gap - Math.round(step * (i - 1)));
              return i < k / 2 ? top - gap : top - 3 * gap;
            }).map(Math.round);
            const name = `K${k} e=${equivalence} rho=${rho} base=${base} ${shape}`;
            const columns = shuffled(counts, seededRandom(seed, name, "columns"));
            out.push({ matrix: exactCopula(name, columns, size, rho, seededRandom(seed, name)), equivalence });
          }
        }
      }
    }
  }
  return out;
}

/**
 * Sets at the same boundary that share no shape and no size with `adversarial`, for figures on what was not looked at while
 * stakes and shares were chosen: a wall just outside the margin with near ties inside it, a fan of even steps, layouts that
 * suit one half of the rows and spoil the other, and graded scores.
 */
export function heldOut(seed: string, thin: number): { matrix: Matrix; equivalence: number }[] {
  const out: { matrix: Matrix; equivalence: number }[] = [];
  let at = 0;
  for (const k of [2, 4, 7, 15]) {
    for (const size of [180, 900]) {
      for (const equivalence of [0.015, 0.03]) {
        for (const base of [0.5, 0.85, 0.97]) {
          for (const shape of k === 2
            ? ["wall", "crossing", "graded"]
            : ["wall", "inside", "fan", "crossing", "graded"]) {
            if (at++ % thin !== 0) continue;
            const name = `K${k} N=${size} e=${equivalence} base=${base} ${shape}`;
            const random = seededRandom(seed, "held out", name);
            const top = Math.round(base * size);
            // Graded scores differ by one half, so it takes twice as many rows.
            const gap =
              shape === "graded" ? 2 * Math.floor(equivalence * size) + 1 : Math.floor(equivalence * size) + 1;
            const counts = Array.from({ length: k }, (_, i) => {
              if (i === 0) return top;
              if (shape === "inside" && i % 2 === 1) return top - Math.max(1, gap - 2);
              if (shape === "fan") return Math.max(1, top - gap * i);
              return top - gap;
            });
            const matrix =
              shape === "crossing"
                ? crossing(name, counts, size, random)
                : exactCopula(name, counts, size, shape === "graded" ? 0.6 : 0.75, random);
            out.push({ matrix: mixed(shape === "graded" ? graded(matrix) : matrix, random), equivalence });
          }
        }
      }
    }
  }
  return out;
}

/** Even columns are right on the first rows, odd ones on the last, so that almost every row tells them apart. */
function crossing(name: string, counts: readonly number[], size: number, random: Random): Matrix {
  const rows = shuffled([...Array(size).keys()], random);
  const scores = counts.map((count, v) => {
    const column = new Float64Array(size);
    for (let i = 0; i < count; i++) column[rows[v % 2 === 0 ? i : size - 1 - i] as number] = 1;
    return column;
  });
  return { name, size, columns: counts.map((_, v) => `v${v}`), scores };
}

/** Half of every score is earned by showing up: differences of one half, and sums that halve with them. */
function graded(matrix: Matrix): Matrix {
  return { ...matrix, scores: matrix.scores.map((column) => column.map((x) => 0.5 + x / 2)) };
}
