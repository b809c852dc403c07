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

/** What happened when an answer was executed or judged; stored with the trial, so that failures can be grouped by it. */
export interface ScoreNote {
  /** One word: `right`, `wrongResult`, `queryError`, `refused`, `tooLarge`, `timedOut`, `scored`, `threw`, `judged`, `unscored`. */
  readonly kind: string;
  readonly detail?: string;
  /** Of a judged item: its place in the judge's call, from 0, and the items of that call. */
  readonly place?: readonly [at: number, of: number];
}

/** What a scorer that asks the world came to. */
export type SlowScore =
  | { readonly kind: "scored"; readonly value: number; readonly note: ScoreNote }
  /** Nothing is known of the answer, for a reason that is not its own: the row counts for no layout. */
  | { readonly kind: "unscored"; readonly note: ScoreNote }
  /** Taken back before it was scored, or the judge cannot be had now: to be done when the run goes on. */
  | { readonly kind: "withdrawn" };

/** A scorer that needs the world: a database, a process, a model. */
export interface SlowScorer {
  readonly name: string;
  readonly phase: "execute" | "judge";
  /** Never rejects for what an answer, a database or a model did. */
  judge(input: ScoreInput, how: SlowOptions): Promise<SlowScore>;
  /** Told when a group has no answers left to come: who gathers must not wait for more of it. */
  calm?(group: string): void;
}

export interface SlowOptions {
  readonly signal: AbortSignal;
  /** Answers of one group may wait for each other: the run's model, as each model has a race of its own. */
  readonly group: string;
  /** Whether more answers of a group are on their way to be scored. */
  readonly coming: (group: string) => boolean;
}

export type AnyScorer = Scorer | SlowScorer;

export function isSlow(scorer: AnyScorer): scorer is SlowScorer {
  return "phase" in scorer;
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
