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

export function guessId(columns: readonly string[]): string | undefined {
  return firstOf(idNames, columns);
}

/** The column with the text to judge: by its name, or the only one that is neither id nor answer. */
export function guessText(columns: readonly string[], others: readonly (string | undefined)[]): string | undefined {
  const free = columns.filter((column) => !others.includes(column));
  return firstOf(textNames, free) ?? (free.length === 1 ? free[0] : undefined);
}
