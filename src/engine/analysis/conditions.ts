import { noPause, type Pause, rowsPerTurn } from "./pause.ts";
import type { InputRow } from "./runTable.ts";

/**
 * What rows may have in common, read from the dataset alone: conditions are listed before anyone looks at an answer, so a test of
 * one of them is a test against chance.
 */
export type ConditionKind = "label" | "length" | "column" | "feature" | "words";

export interface Condition {
  readonly kind: ConditionKind;
  /** For a reader: `expected is refund`, `12 words or fewer`. */
  readonly text: string;
  /** Places in the list of rows that it was made from, ascending. */
  readonly members: Uint32Array;
}

/** Fewer rows than this have nothing in common worth a name. */
const fewestMembers = 5;
/** A condition that nearly all rows meet, or all but a few, tells nothing. */
const largestShare = 0.8;
const mostLabels = 200;
const mostValues = 30;
const mostNgrams = 400;
const lengthBins = 5;
const columnBins = 5;
/** Words looked at of one text: a condition is for a reader, who looks no further. */
const longestText = 400;

/** All conditions worth a test, of some hundred at most; `segmentColumn` is the text itself and no column beside it. */
export async function conditionsOf(
  rows: readonly InputRow[],
  segmentColumn: string,
  pause = noPause,
): Promise<readonly Condition[]> {
  const all = [
    ...labels(rows),
    ...quantileBins(
      rows,
      rows.map(({ features }) => features.words),
      lengthBins,
      "length",
      (from, to, low, high) =>
        low
          ? `${to} ${to === 1 ? "word" : "words"} or fewer`
          : high
            ? `${from} words or more`
            : `${from} to ${to} words`,
    ),
    ...features(rows),
    ...columns(rows, segmentColumn),
    ...(await ngrams(rows, pause)),
  ];
  return all.filter(({ members }) => members.length >= fewestMembers && members.length <= rows.length * largestShare);
}

function labels(rows: readonly InputRow[]): Condition[] {
  const groups = grouped(rows, ({ expected }) => expected);
  if (groups.size > mostLabels) return [];
  return [...groups].map(([label, members]) => ({ kind: "label", text: `expected is ${quoted(label)}`, members }));
}

function features(rows: readonly InputRow[]): Condition[] {
  const yes = (text: string, has: (row: InputRow) => boolean): Condition => ({
    kind: "feature",
    text,
    members: Uint32Array.from(rows.flatMap((row, i) => (has(row) ? [i] : []))),
  });
  const languages = grouped(rows, ({ features: { language } }) => language);
  return [
    yes("holds a number", ({ features: { numbers } }) => numbers),
    yes("holds no number", ({ features: { numbers } }) => !numbers),
    yes("holds code or markup", ({ features: { code } }) => code),
    yes("asks one question", ({ features: { questions } }) => questions === 1),
    yes("asks several questions", ({ features: { questions } }) => questions > 1),
    yes("asks no question", ({ features: { questions } }) => questions === 0),
    yes("holds “not”", ({ segment }) => /\b(?:not|no|never|cannot|nothing)\b|n['’]t\b/i.test(segment)),
    ...[...languages].map(
      ([language, members]): Condition => ({ kind: "feature", text: `language looks like ${language}`, members }),
    ),
  ];
}

/** Columns beside the text and the right answer: numbers by range, few different values each by itself. */
function columns(rows: readonly InputRow[], segmentColumn: string): Condition[] {
  const names = new Set(rows.slice(0, 100).flatMap(({ fields }) => Object.keys(fields)));
  return [...names].flatMap((name): Condition[] => {
    const values = rows.map(({ fields }) => fields[name] ?? null);
    const same = (other: (row: InputRow) => string | undefined) =>
      rows.every((row, i) => values[i] === null || String(values[i]) === other(row));
    if (name === segmentColumn || same(({ expected }) => expected) || same(({ id }) => id)) return [];
    const numbers = values.map((value) => (value === null || value === "" ? Number.NaN : Number(value)));
    const different = new Set(values.filter((value) => value !== null));
    if (different.size <= mostValues) {
      const groups = grouped(rows, (_, i) => (values[i] === null ? undefined : String(values[i])));
      return [...groups].map(([value, members]) => ({ kind: "column", text: `${name} is ${quoted(value)}`, members }));
    }
    if (numbers.some((value, i) => values[i] !== null && values[i] !== "" && Number.isNaN(value))) return [];
    return quantileBins(rows, numbers, columnBins, "column", (from, to, low, high) =>
      low ? `${name} at most ${to}` : high ? `${name} at least ${from}` : `${name} from ${from} to ${to}`,
    );
  });
}

/** Bins of about equal size; equal values share one. NaN is in none. */
function quantileBins(
  rows: readonly InputRow[],
  values: readonly number[],
  bins: number,
  kind: ConditionKind,
  text: (from: number, to: number, low: boolean, high: boolean) => string,
): Condition[] {
  const order = rows.flatMap((_, i) => (Number.isNaN(values[i]) ? [] : [i]));
  order.sort((i, j) => (values[i] as number) - (values[j] as number) || i - j);
  const groups: number[][] = [];
  for (const i of order) {
    const last = groups.at(-1);
    const full = last !== undefined && last.length >= order.length / bins;
    if (last === undefined || (full && values[last.at(-1) as number] !== values[i])) groups.push([i]);
    else last.push(i);
  }
  if (groups.length < 2) return [];
  return groups.map((members, g) => ({
    kind,
    text: text(
      values[members[0] as number] as number,
      values[members.at(-1) as number] as number,
      g === 0,
      g === groups.length - 1,
    ),
    members: Uint32Array.from(members).sort(),
  }));
}

/** Words and pairs of words that several texts hold, the most frequent ones. How often a word occurs says nothing of answers. */
async function ngrams(rows: readonly InputRow[], pause: Pause): Promise<Condition[]> {
  const found = new Map<string, number[]>();
  for (const [i, { segment }] of rows.entries()) {
    if (i % rowsPerTurn === 0) await pause();
    const words =
      segment
        .toLowerCase()
        .match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu)
        ?.slice(0, longestText) ?? [];
    const own = new Set<string>();
    words.forEach((word, w) => {
      own.add(word);
      const next = words[w + 1];
      if (next !== undefined) own.add(`${word} ${next}`);
    });
    for (const gram of own) {
      const members = found.get(gram);
      if (members === undefined) found.set(gram, [i]);
      else members.push(i);
    }
  }
  const least = Math.max(fewestMembers, rows.length * 0.01);
  const frequent = [...found].filter(([, members]) => members.length >= least && members.length <= rows.length * 0.5);
  frequent.sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  // A pair that stands wherever one of its words does says the same as the word.
  const size = new Map(frequent.map(([gram, members]) => [gram, members.length]));
  const told = ([gram, members]: [string, number[]]) =>
    gram.includes(" ") && gram.split(" ").some((word) => size.get(word) === members.length);
  return frequent
    .filter((each) => !told(each))
    .slice(0, mostNgrams)
    .map(([gram, members]) => ({ kind: "words", text: `holds “${gram}”`, members: Uint32Array.from(members) }));
}

function grouped(
  rows: readonly InputRow[],
  key: (row: InputRow, i: number) => string | undefined,
): Map<string, Uint32Array> {
  const groups = new Map<string, number[]>();
  rows.forEach((row, i) => {
    const own = key(row, i);
    if (own === undefined) return;
    const members = groups.get(own);
    if (members === undefined) groups.set(own, [i]);
    else members.push(i);
  });
  return new Map([...groups].map(([name, members]) => [name, Uint32Array.from(members)]));
}

function quoted(value: string): string {
  return value === "" ? "empty" : value.length > 60 ? `${value.slice(0, 60)}…` : value;
}
