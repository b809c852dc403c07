import type { ScoreInput } from "../../../../src/engine/metrics/scorers/scorer.ts";
import type { ParsedAnswer } from "../../../../src/engine/response/answer.ts";
import type { Scalar } from "../../../../src/engine/spec/experiment.ts";

/** An answer that was read, and the row it answers. */
export function input(
  prediction: string,
  expected: string | undefined,
  more: Partial<Extract<ParsedAnswer, { kind: "valid" }>> & {
    readonly text?: string;
    readonly fields?: Readonly<Record<string, Scalar | null>>;
  } = {},
): ScoreInput {
  const { text = prediction, fields = {}, ...parsed } = more;
  return {
    parsed: {
      kind: "valid",
      prediction,
      value: prediction,
      confidence: undefined,
      ranking: undefined,
      recorded: undefined,
      ...parsed,
    },
    text,
    example: { expected, fields },
  };
}
