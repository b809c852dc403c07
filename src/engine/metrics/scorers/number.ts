import { numbersIn, onlyNumber } from "../../response/numbers.ts";
import { right, type Scorer, withExpected, wrong } from "./scorer.ts";

export interface NumberOptions {
  /** Largest difference that counts as right. */
  readonly tolerance: number;
  /** Largest difference that counts as right, as a share of the expected number. */
  readonly relative: number;
}

/** Right when the numbers differ by no more than either tolerance. Rounding of binary fractions never makes an answer wrong. */
export function numberScorer(name: string, { tolerance, relative }: NumberOptions): Scorer {
  return {
    name,
    score: (input) =>
      withExpected(input, (expectedText) => {
        const expected = onlyNumber(expectedText);
        if (expected === undefined) return wrong(`the expected answer is no number: ${expectedText}`);
        const { value, prediction } = input.parsed;
        const said = typeof value === "number" ? value : numbersIn(prediction)[0];
        if (said === undefined) return wrong(`expected ${expected}, got no number`);
        const allowed = Math.max(tolerance, relative * Math.abs(expected)) + 1e-9 * Math.abs(expected);
        return Math.abs(said - expected) <= allowed ? right : wrong(`expected ${expected}, got ${said}`);
      }),
  };
}
