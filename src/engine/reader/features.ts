import { conceptsOf } from "./thesaurus.ts";
import { looseKey, wordsOf } from "./words.ts";

/** Calls `note` for everything a stretch of text says: stems, misspelling-proof keys, concepts, and concepts denied. */
export function eachFeature(
  text: string,
  from: number,
  to: number,
  note: (feature: string, strength: number, word: number, at: number) => void,
): void {
  let denied = -1;
  let index = 0;
  const part = text.slice(from, to);
  const denials = denialsIn(part);
  for (const { stem, at } of wordsOf(part)) {
    note(stem, 1, index, from + at);
    const loose = looseKey(stem);
    if (loose !== undefined) note(loose, 0.5, index, from + at);
    while (denied + 1 < denials.length && (denials[denied + 1] ?? 0) < at) denied++;
    const negated = denied >= 0 && at - (denials[denied] ?? 0) < denialReach;
    for (const concept of conceptsOf(stem)) {
      note(concept, 0.7, index, from + at);
      if (negated) note(`!${concept}`, 1, index, from + at);
    }
    index++;
  }
}

/** Characters after a "not" within which it still denies. */
const denialReach = 26;
const denial =
  /\b(?:not|no|never|cannot|can't|cant|won't|wont|doesn't|doesnt|don't|dont|didn't|isn't|hasn't|haven't|couldn't|unable|nothing|none|nor|fails?|refuses)\b/gi;

function denialsIn(text: string): number[] {
  return [...text.matchAll(denial)].map((match) => match.index + match[0].length);
}
