/** What a rule may ask of a text under judgement: things a reader can check by looking at it. */
export interface SegmentFeatures {
  /** Words; a character of Chinese or Japanese counts as one. */
  readonly words: number;
  /** Question marks, several in a row counted once. */
  readonly questions: number;
  /** It holds a digit. */
  readonly numbers: boolean;
  /** It holds what looks like program code or markup. */
  readonly code: boolean;
  /** A guess from script and common words: `en`, `de`, …, `other` where nothing tells. */
  readonly language: string;
}

export function segmentFeatures(text: string): SegmentFeatures {
  const words =
    text.toLowerCase().match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]|[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
  return {
    words: words.length,
    questions: (text.match(/[?？؟][?？؟!]*/g) ?? []).length,
    numbers: /\p{Nd}/u.test(text),
    code: codeSigns.some((sign) => sign.test(text)),
    language: languageOf(text, words),
  };
}

const codeSigns: readonly RegExp[] = [
  /```|~~~/,
  /`[^`\n]*[(){}=;<>._/][^`\n]*`/,
  /[;{}]\s*(?:\n|$)/,
  /=>|->|::|&&|\|\||===?|!==?|\+\+|<\/[a-z]/i,
  /\b[\w.]+\([^)\n]*\)\s*[;{.]/,
  /^\s*(?:def|class|function|const|let|var|import|from|public|private|#include|package|using)\s+[\w<"{*]/m,
  /\bselect\b[\s\S]+\bfrom\b\s+\w+(?:\s+(?:where|join|group|order|limit)\b|\s*;)/i,
  /[{[]\s*"[^"\n]*"\s*[:,]/,
];

/** Scripts that leave little doubt, the more particular first: Japanese text holds Han characters too. */
const scripts: readonly (readonly [language: string, sign: RegExp])[] = [
  ["ja", /[\p{sc=Hiragana}\p{sc=Katakana}]/u],
  ["ko", /\p{sc=Hangul}/u],
  ["zh", /\p{sc=Han}/u],
  ["ru", /\p{sc=Cyrillic}/u],
  ["el", /\p{sc=Greek}/u],
  ["ar", /\p{sc=Arabic}/u],
  ["he", /\p{sc=Hebrew}/u],
  ["hi", /\p{sc=Devanagari}/u],
  ["th", /\p{sc=Thai}/u],
];

/** Short words that are frequent in one language and rare in the others. */
const commonWords: Readonly<Record<string, string>> = {
  en: "the and is to of my you that it for was with are this have be not what how can do i'm a",
  de: "der die das und ist nicht ich ein eine zu mit auf für sich auch wie es mein kann wird den dem",
  fr: "le la les et est je ne pas un une des pour que qui dans mon sur avec vous il au du",
  es: "el la los las y es que de un una por con para no mi se cómo está lo me del al",
  it: "il lo la gli e è che di un una per con non mi sono come del della ho si i",
  pt: "o os as e é que de um uma para com não meu minha se como do da em eu você",
  nl: "de het een en is niet ik van te met op voor zijn dat die maar mijn kan wat er",
};

const commonIn: readonly (readonly [language: string, words: ReadonlySet<string>])[] = Object.entries(commonWords).map(
  ([language, words]) => [language, new Set(words.split(" "))],
);

function languageOf(text: string, words: readonly string[]): string {
  const script = scripts.find(([, sign]) => sign.test(text));
  if (script !== undefined) return script[0];
  let best = "other";
  let most = 0;
  for (const [language, common] of commonIn) {
    let hits = 0;
    for (const word of words) if (common.has(word)) hits += 1;
    if (hits > most) {
      best = language;
      most = hits;
    }
  }
  return best;
}
