/** A content word: its stem, and where it began in the text. */
export interface Word {
  readonly stem: string;
  readonly at: number;
}

const stopWords = new Set(
  `a about after again all also am an and any are as at be because been before being both but by can could did do does doing
done down each else even ever every few for from get gets getting go goes going gone got had has have having he her here hers
him his how i if in into is it its just know let like made make may me might mine more most much must my nor now of off on
once one only or other our ours out over own perhaps please quite rather really said same say says see she should since so
some still such take than thank thanks that the their them then there these they thing things think this those though
through till to too took two under until up upon us use used very was way we well went were what when where which while who
whom whose why will with without would yes yet you your yours hi hello hey dear good morning evening day afternoon`.split(
    /\s+/,
  ),
);

/** The stem of a lower-case English word: common endings off, doubled consonants undone. Crude on purpose. */
export function stem(word: string): string {
  let w = word;
  if (w.endsWith("'s")) w = w.slice(0, -2);
  w = w.replaceAll("'", "");
  if (w.length > 4 && w.endsWith("ies")) return `${w.slice(0, -3)}y`;
  if (w.length > 5 && w.endsWith("ing")) w = undouble(w.slice(0, -3));
  else if (w.length > 4 && w.endsWith("ed")) w = undouble(w.slice(0, -2));
  else if (w.length > 4 && (w.endsWith("xes") || w.endsWith("ches") || w.endsWith("shes"))) w = w.slice(0, -2);
  else if (w.length > 3 && w.endsWith("s") && !w.endsWith("ss") && !w.endsWith("us")) w = w.slice(0, -1);
  if (w.length > 5 && w.endsWith("ly")) w = w.slice(0, -2);
  if (w.length > 4 && w.endsWith("e")) w = w.slice(0, -1);
  return w;
}

function undouble(w: string): string {
  const last = w.charCodeAt(w.length - 1);
  return w.length > 3 && last === w.charCodeAt(w.length - 2) && last !== 108 && last !== 115 ? w.slice(0, -1) : w;
}

const wordPattern = /[\p{L}\p{N}]+(?:['’][\p{L}]+)?/gu;
const stems = new Map<string, string>();
const maxStems = 20_000;

/** Content words of a text, in order. Stop words are left out; names like `card_lost` and `cardLost` fall apart. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(wordPattern)) {
    const raw = match[0];
    let known = stems.get(raw);
    if (known === undefined) {
      const lower = raw.toLowerCase().replaceAll("’", "'");
      known = stopWords.has(lower) ? "" : stem(lower);
      if (stems.size >= maxStems) stems.clear();
      stems.set(raw, known);
    }
    if (known !== "") words.push({ stem: known, at: match.index });
  }
  return words;
}

/** Words of a label's name. */
export function nameWords(label: string): string[] {
  return wordsOf(label.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_./-]+/g, " ")).map((word) => word.stem);
}

/** A key under which inflections and small misspellings of long words meet; undefined for short words. */
export function looseKey(stemmed: string): string | undefined {
  return stemmed.length >= 6 ? `${stemmed.slice(0, 5)}~` : undefined;
}

/**
 * An estimate of the tokens in a text (no tokenizer is loaded): a word counts one token per six letters, digits one per
 * three, other signs one each. Within some 15 % of o200k on English prose.
 */
export function approximateTokens(text: string): number {
  let tokens = 0;
  let letters = 0;
  let digits = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = i < text.length ? text.charCodeAt(i) : 32;
    const letter = (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 39 || (c >= 0xc0 && c < 0x2e80);
    const digit = c >= 48 && c <= 57;
    if (!letter && letters > 0) {
      tokens += Math.ceil(letters / 6);
      letters = 0;
    }
    if (!digit && digits > 0) {
      tokens += Math.ceil(digits / 3);
      digits = 0;
    }
    if (letter) letters++;
    else if (digit) digits++;
    else if (c !== 32 && i < text.length) tokens++;
  }
  return tokens;
}
