/** Which column means what, when the file does not say. */

/** Names under which tools keep the right answer, the most telling first. */
const expectedNames = ["expected", "__expected", "label", "target", "ideal", "answer", "category", "intent"] as const;

const textNames = [
  "text",
  "input",
  "query",
  "question",
  "sentence",
  "message",
  "content",
  "utterance",
  "review",
  "comment",
  "body",
  "prompt",
] as const;

const idNames = ["id"] as const;

/** Further words in names of columns that hold right answers or texts, for a guess that a person will look at. */
const expectedWords = [
  ...expectedNames,
  ...["gold", "truth", "class", "sentiment", "topic", "tag", "kind", "type", "output", "response", "y"],
];
const textWords = [
  ...textNames,
  "description",
  "document",
  "passage",
  "tweet",
  "post",
  "mail",
  "email",
  "title",
  "subject",
];

/** The first of the names there is a column for; case counts only when nothing fits otherwise. */
function firstOf(names: readonly string[], columns: readonly string[]): string | undefined {
  for (const name of names) if (columns.includes(name)) return name;
  for (const name of names) {
    const other = columns.find((column) => column.toLowerCase() === name);
    if (other !== undefined) return other;
  }
  return undefined;
}

/** The column of right answers; `used` are the columns a prompt shows, which cannot be it. */
export function guessExpected(columns: readonly string[], used: ReadonlySet<string> = new Set()): string | undefined {
  return firstOf(
    expectedNames,
    columns.filter((column) => !used.has(column)),
  );
}

/** All columns whose names say that they might hold the right answer. */
export function expectedCandidates(columns: readonly string[]): string[] {
  return columns.filter((column) => expectedNames.some((name) => name === column.toLowerCase()));
}

/** Columns whose names say that they might hold right answers, the likeliest first: whole names before words of names. */
export function likelyExpected(columns: readonly string[]): string[] {
  return likely(columns, expectedNames, expectedWords);
}

/** The same for the text to judge. */
export function likelyText(columns: readonly string[]): string[] {
  return likely(columns, textNames, textWords);
}

function likely(columns: readonly string[], names: readonly string[], words: readonly string[]): string[] {
  const rank = (column: string) => {
    const whole = names.indexOf(column.toLowerCase());
    if (whole >= 0) return whole;
    const places = wordsOf(column)
      .map((word) => words.indexOf(word))
      .filter((place) => place >= 0);
    return names.length + Math.min(Number.POSITIVE_INFINITY, ...places);
  };
  return columns.filter((column) => Number.isFinite(rank(column))).toSorted((a, b) => rank(a) - rank(b));
}

/** `trueLabel` and `true_label` are the words true and label. */
export function wordsOf(column: string): string[] {
  return column
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

export function guessId(columns: readonly string[]): string | undefined {
  return firstOf(idNames, columns);
}

/** The column with the text to judge: by its name, or the only one that is neither id nor answer. */
export function guessText(columns: readonly string[], others: readonly (string | undefined)[]): string | undefined {
  const free = columns.filter((column) => !others.includes(column));
  return firstOf(textNames, free) ?? (free.length === 1 ? free[0] : undefined);
}
