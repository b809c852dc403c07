import type { Example } from "../../dataset/example.ts";
import type { ParsedAnswer } from "../../response/answer.ts";

/** What there is to score: an answer that could be read, and the row it answers. */
export interface ScoreInput {
  readonly parsed: Extract<ParsedAnswer, { kind: "valid" }>;
  /** The answer as it came. */
  readonly text: string;
  readonly example: Pick<Example, "expected" | "fields">;
}

export interface Score {
  /** In [0, 1]; 1 is right. */
  readonly value: number;
  /** Why it is what it is, in a few words for the error browser. */
  readonly detail?: string;
}

/** How good is one answer? Pure: the same input gives the same score. */
export interface Scorer {
  /** Shown and stored; unique in a run. */
  readonly name: string;
  score(input: ScoreInput): Score;
}

/** The right answer to compare with; a row without one scores 0 and says so. */
export function withExpected(input: ScoreInput, compare: (expected: string) => Score): Score {
  const { expected } = input.example;
  return expected === undefined ? { value: 0, detail: "the row has no expected answer" } : compare(expected);
}

export const right: Score = { value: 1 };

export function wrong(detail: string): Score {
  return { value: 0, detail };
}
