import type { EnsembleSpec } from "../spec/experiment.ts";
import { type AnswerRow, elect } from "./answers.ts";
import { stackedWeights } from "./stacking.ts";

export type Combine = EnsembleSpec["combine"];

/** Fitted weights are judged on rows they were not fitted on. */
export const folds = 5;

/** Stacked weights of fewer rows would be noise. */
export const fewestRowsToStack = 200;

/** Fold of a row. The stored order is random already, so taking turns is a random split. */
export function foldOf(row: number): number {
  return row % folds;
}

/**
 * Score of the combined answer on every row; 0 where no member answered. Weights that are fitted (log-odds, stacked) come from
 * the four folds that a row is not in.
 */
export function combinedScores(rows: readonly AnswerRow[], members: number, combine: Combine): Float64Array {
  if (combine === "logodds" || combine === "stacked") {
    const weigh = combine === "logodds" ? logOddsWeights : stackedWeights;
    const weights = Array.from({ length: folds }, (_, fold) =>
      weigh(
        rows.filter((_, row) => foldOf(row) !== fold),
        members,
      ),
    );
    return Float64Array.from(rows, (answers, row) => weighted(answers, weights[foldOf(row)] as Float64Array));
  }
  if (combine === "majority") {
    const equal = new Float64Array(members).fill(1);
    return Float64Array.from(rows, (answers) => weighted(answers, equal));
  }
  const usual = meanConfidences(rows, members);
  return Float64Array.from(
    rows,
    (answers) => elect(answers, (member) => answers[member]?.confidence ?? usual[member] ?? 0)?.score ?? 0,
  );
}

/** The score of the answer that votes of these weights elect. */
export function weighted(answers: AnswerRow, weights: Float64Array): number {
  return elect(answers, (member) => weights[member] ?? 0)?.score ?? 0;
}

/**
 * log(accuracy / (1 - accuracy)) of each member, best among weighted votes when errors are independent (Nitzan & Paroush
 * 1982). With many labels a member below one half still knows something, so no weight falls below 0.01: such members
 * break ties and vote as a plain majority when all are like that.
 */
export function logOddsWeights(rows: readonly AnswerRow[], members: number): Float64Array {
  return Float64Array.from({ length: members }, (_, member) => {
    const right = rows.reduce((sum, answers) => sum + (answers[member]?.score ?? 0), 0);
    // Half a row on each side keeps a perfect member finite.
    const accuracy = (right + 0.5) / (rows.length + 1);
    return Math.max(0.01, Math.log(accuracy / (1 - accuracy)));
  });
}

/** Where one answer came without its confidence, the member's usual one stands for it. */
function meanConfidences(rows: readonly AnswerRow[], members: number): readonly number[] {
  return Array.from({ length: members }, (_, member) => {
    const given = rows.flatMap((answers) => answers[member]?.confidence ?? []);
    return given.length === 0 ? 0 : given.reduce((sum, one) => sum + one, 0) / given.length;
  });
}
