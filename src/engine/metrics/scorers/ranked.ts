import { looseLabel } from "../../response/labels.ts";
import { right, type ScoreInput, type Scorer, withExpected, wrong } from "./scorer.ts";

/** Right when the expected answer is among the first `k` candidates. */
export function topScorer(name: string, k: number): Scorer {
  return {
    name,
    score: (input) =>
      withExpected(input, (expected) => {
        const place = placeOf(input, expected);
        if (place !== undefined && place <= k) return right;
        return wrong(place === undefined ? `${expected} is no candidate` : `${expected} is candidate ${place}`);
      }),
  };
}

/** The reciprocal of the expected answer's place, 0 when it is no candidate; the mean over rows is the MRR. */
export function reciprocalRankScorer(name: string): Scorer {
  return {
    name,
    score: (input) =>
      withExpected(input, (expected) => {
        const place = placeOf(input, expected);
        return place === undefined
          ? wrong(`${expected} is no candidate`)
          : { value: 1 / place, detail: `candidate ${place}` };
      }),
  };
}

/** From 1; undefined when the expected answer is no candidate. An answer that is no ranking is one candidate. */
function placeOf(input: ScoreInput, expected: string): number | undefined {
  const ranking = input.parsed.ranking ?? [input.parsed.prediction];
  const wanted = looseLabel(expected);
  const index = ranking.findIndex((candidate) => candidate === expected || looseLabel(candidate) === wanted);
  return index === -1 ? undefined : index + 1;
}
