import { type AnswerRow, candidatesOf } from "./answers.ts";

/** Pulls weights towards "all members alike"; with 200 rows and more it only matters where members never differ. */
const ridge = 1;

/**
 * Weights of the members' votes, fitted by a conditional logit over each row's distinct answers: an answer's utility is the sum
 * of the weights of those who gave it, and the softmax over the row's answers is its chance of being right (McFadden 1974).
 * Rows on which all agree, or nobody is right, say nothing about the weights. Newton's method; the loss is convex.
 */
export function stackedWeights(rows: readonly AnswerRow[], members: number): Float64Array {
  const choices = rows.flatMap((row) => {
    const candidates = candidatesOf(row);
    const total = candidates.reduce((sum, candidate) => sum + candidate.score, 0);
    if (candidates.length < 2 || total <= 0) return [];
    return [candidates.map((candidate) => ({ members: candidate.members, share: candidate.score / total }))];
  });
  const weights = new Float64Array(members).fill(1);
  for (let step = 0; step < 50; step++) {
    const gradient = weights.map((weight) => ridge * (weight - 1));
    const hessian = Array.from({ length: members }, (_, i) =>
      Float64Array.from({ length: members }, (_, j) => (i === j ? ridge : 0)),
    );
    for (const choice of choices) {
      const chances = softmax(choice.map((one) => sumOf(weights, one.members)));
      const mean = new Float64Array(members);
      choice.forEach(({ members: by, share }, c) => {
        const chance = chances[c] ?? 0;
        for (const i of by) {
          mean[i] = (mean[i] ?? 0) + chance;
          gradient[i] = (gradient[i] ?? 0) + chance - share;
          const row = hessian[i] as Float64Array;
          for (const j of by) row[j] = (row[j] ?? 0) + chance;
        }
      });
      for (let i = 0; i < members; i++) {
        const row = hessian[i] as Float64Array;
        for (let j = 0; j < members; j++) row[j] = (row[j] ?? 0) - (mean[i] ?? 0) * (mean[j] ?? 0);
      }
    }
    const move = solve(hessian, gradient);
    let largest = 0;
    for (let i = 0; i < members; i++) {
      // Steps of at most 2 keep the first iterations from overshooting.
      const by = Math.max(-2, Math.min(2, move[i] ?? 0));
      weights[i] = (weights[i] ?? 0) - by;
      largest = Math.max(largest, Math.abs(by));
    }
    if (largest < 1e-8) break;
  }
  return weights;
}

function sumOf(weights: Float64Array, members: readonly number[]): number {
  return members.reduce((sum, member) => sum + (weights[member] ?? 0), 0);
}

function softmax(utilities: readonly number[]): number[] {
  const top = Math.max(...utilities);
  const powers = utilities.map((utility) => Math.exp(utility - top));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** Solves a symmetric positive definite system by elimination; both arguments are used up. */
function solve(matrix: readonly Float64Array[], vector: Float64Array): Float64Array {
  const n = vector.length;
  const at = (i: number, j: number) => matrix[i]?.[j] ?? 0;
  for (let k = 0; k < n; k++) {
    for (let i = k + 1; i < n; i++) {
      const factor = at(i, k) / at(k, k);
      const row = matrix[i] as Float64Array;
      for (let j = k; j < n; j++) row[j] = at(i, j) - factor * at(k, j);
      vector[i] = (vector[i] ?? 0) - factor * (vector[k] ?? 0);
    }
  }
  const solution = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let rest = vector[i] ?? 0;
    for (let j = i + 1; j < n; j++) rest -= at(i, j) * (solution[j] ?? 0);
    solution[i] = rest / at(i, i);
  }
  return solution;
}
