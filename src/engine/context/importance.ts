import { wordsOf } from "../layout/words.ts";

/** Cuts a text after line breaks and sentence ends. Joined again without a separator the sentences give the text back. */
export function sentencesOf(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)(?!\n)|(?<=[.!?]["')\]]?[ \t]+)(?=\S)|(?<=[。！？])/);
}

/** Numbers of the sentences in the order in which they stand: the earliest is the first to go. */
export function byRecency(sentences: readonly string[]): number[] {
  return sentences.map((_, i) => i);
}

/**
 * Numbers of the sentences, the least important first: importance is the sum of the weights of the distinct words shared with
 * `decision`, each weighted by how rare it is among the sentences. Of equals the later goes first, as texts state the gist early.
 */
export function byImportance(sentences: readonly string[], decision: string): number[] {
  const wanted = new Set(wordsOf(decision));
  const words = sentences.map((sentence) => new Set(wordsOf(sentence)));
  const found = new Map<string, number>();
  for (const set of words) for (const word of set) found.set(word, (found.get(word) ?? 0) + 1);
  const scores = words.map((set) => {
    let score = 0;
    for (const word of set) {
      if (wanted.has(word)) score += Math.log(1 + sentences.length / (found.get(word) ?? 1));
    }
    return score;
  });
  return sentences.map((_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number) || b - a);
}
