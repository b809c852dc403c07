import type { PatternTarget } from "./patterns.ts";

/** What a pattern counts, as the head of a line: variants by the names given, in the run's order. */
export function targetWords(target: PatternTarget, names: readonly string[]): string {
  switch (target.kind) {
    case "everywhere":
      return "wrong under every variant";
    case "only":
      return `wrong only under ${names[target.variant] ?? target.variant}`;
    case "wrong":
      return `wrong under ${names[target.variant] ?? target.variant}`;
    case "unparsable":
      return `unreadable under ${names[target.variant] ?? target.variant}`;
  }
}

export const sourceWords = {
  stated: "stated by the model",
  tokens: "probability of its tokens",
  recorded: "recorded with the answer",
  agreement: "agreement of the layouts",
} as const;

export const measureWords = {
  words: "words in the text",
  sentence: "words in a sentence",
  word: "letters in a word",
} as const;
