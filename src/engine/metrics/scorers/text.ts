import { looseLabel } from "../../response/labels.ts";
import { right, type Score, type ScoreInput, type Scorer, withExpected, wrong } from "./scorer.ts";

/** Right when the label is the expected one, compared as labels are: case, quotes and word separators count for nothing. */
export function labelScorer(name: string): Scorer {
  return {
    name,
    score: (input) =>
      withExpected(input, (expected) => {
        const { prediction } = input.parsed;
        return prediction === expected || looseLabel(prediction) === looseLabel(expected)
          ? right
          : differs(expected, prediction);
      }),
  };
}

/** Right when prediction and expected answer are the same text, spaces at the ends aside. */
export function exactScorer(name: string): Scorer {
  return {
    name,
    score: (input) =>
      withExpected(input, (expected) =>
        input.parsed.prediction.trim() === expected.trim() ? right : differs(expected, input.parsed.prediction),
      ),
  };
}

/**
 * Right when the texts agree after the normalisation that question-answering benchmarks use (SQuAD: lower case, no
 * punctuation, no articles, single spaces). Several right answers may be given, separated by `|`.
 */
export function normalisedScorer(name: string): Scorer {
  return {
    name,
    score: (input) =>
      withExpected(input, (expected) => {
        const said = normalised(input.parsed.prediction);
        return alternatives(expected).some((one) => normalised(one) === said)
          ? right
          : differs(expected, input.parsed.prediction);
      }),
  };
}

/** Right when the expected answer, or one of its `|` alternatives, occurs in the answer; both normalised. */
export function containsScorer(name: string): Scorer {
  return {
    name,
    score: (input) =>
      withExpected(input, (expected) => {
        const said = ` ${normalised(input.text)} `;
        const found = alternatives(expected).some(
          (one) => normalised(one) !== "" && said.includes(` ${normalised(one)} `),
        );
        return found ? right : wrong(`does not contain ${JSON.stringify(expected)}`);
      }),
  };
}

/** Right when the pattern matches the answer as it came. Without a pattern the expected answer is the pattern. */
export function regexScorer(name: string, pattern: RegExp | undefined, flags: string): Scorer {
  const matches = (regex: RegExp, input: ScoreInput): Score =>
    regex.test(input.text) ? right : wrong(`does not match ${regex.source}`);
  if (pattern !== undefined) return { name, score: (input) => matches(pattern, input) };
  return {
    name,
    score: (input) =>
      withExpected(input, (expected) => {
        try {
          return matches(new RegExp(expected, flags), input);
        } catch {
          return wrong(`the expected answer is not a pattern: ${expected}`);
        }
      }),
  };
}

/** SQuAD's normalisation: lower case, no punctuation, no articles, single spaces. */
export function normalised(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\p{P}\p{S}]/gu, " ")
    .replace(/\b(?:a|an|the)\b/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Several right answers in one text, separated by `|`. */
export function alternatives(expected: string): readonly string[] {
  return expected.includes("|") ? expected.split("|") : [expected];
}

function differs(expected: string, said: string): Score {
  return wrong(`expected ${clipped(expected)}, got ${clipped(said)}`);
}

function clipped(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
