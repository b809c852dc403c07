import { editDistance } from "../editDistance.ts";
import { type Score, type Scorer, withExpected } from "./scorer.ts";
import { alternatives, normalised } from "./text.ts";

export type SimilarityMeasure = "edit" | "tokenF1";

export interface SimilarityOptions {
  readonly measure: SimilarityMeasure;
  /** From this similarity on the score is 1, below it 0; undefined scores by the similarity itself. */
  readonly threshold: number | undefined;
}

/** Characters of each text that are compared by edits; what comes behind them counts as the same. */
const longest = 20_000;

/**
 * How alike two texts are, in [0, 1]. `edit`: 1 minus the edit distance over the longer length, in characters as written, spaces at
 * the ends aside. `tokenF1`: the harmonic mean of the shares of words that the texts have in common, after SQuAD's normalisation.
 * Of several right answers, separated by `|`, the most similar counts.
 */
export function similarityScorer(name: string, { measure, threshold }: SimilarityOptions): Scorer {
  const alike = measure === "edit" ? editSimilarity : tokenF1;
  return {
    name,
    score: (input) =>
      withExpected(input, (expected): Score => {
        const { prediction } = input.parsed;
        const similarity = Math.max(...alternatives(expected).map((one) => alike(one, prediction)));
        const detail = `${Math.round(similarity * 100)} % alike`;
        if (threshold === undefined) return similarity === 1 ? { value: 1 } : { value: similarity, detail };
        return { value: similarity >= threshold ? 1 : 0, detail };
      }),
  };
}

/** In [0, 1]; two empty texts are the same. */
export function editSimilarity(a: string, b: string): number {
  const [first, second] = [codePoints(a.trim()), codePoints(b.trim())];
  const length = Math.max(first.length, second.length);
  return length === 0 ? 1 : 1 - editDistance(first, second) / length;
}

/** In [0, 1]; two texts without words are the same. */
export function tokenF1(a: string, b: string): number {
  const [first, second] = [words(a), words(b)];
  if (first.length === 0 || second.length === 0) return first.length === second.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const word of first) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of second) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    common += 1;
  }
  return (2 * common) / (first.length + second.length);
}

function words(text: string): readonly string[] {
  return normalised(text)
    .split(" ")
    .filter((word) => word !== "");
}

function codePoints(text: string): readonly number[] {
  // A code point has at most two units, so nothing that counts is cut here.
  return Array.from(text.slice(0, 2 * longest), (character) => character.codePointAt(0) ?? 0).slice(0, longest);
}
