import { fisherUpper } from "../stats/fisher.ts";
import { benjaminiHochberg } from "../stats/multiple.ts";
import { type Condition, type ConditionKind, conditionsOf } from "./conditions.ts";
import { noPause } from "./pause.ts";
import { askedEnough, isVoid, type RunTable, scoreAt, unparsable } from "./runTable.ts";

/** What is looked for in rows: one variant's wrong answers, its unreadable ones, rows nobody gets right, rows that only one variant breaks. */
export type PatternTarget =
  | { readonly kind: "wrong" | "unparsable" | "only"; readonly variant: number }
  | { readonly kind: "everywhere" };

/** Rows with something in common that fail more often than the rest, by more than chance. */
export interface ErrorPattern {
  /** The same for the same run: a panel remembers it. */
  readonly id: string;
  readonly target: PatternTarget;
  readonly kind: ConditionKind;
  /** What the rows have in common, in words. */
  readonly condition: string;
  /** Rows that have it and were asked, and how many of them fail. */
  readonly rows: number;
  readonly failures: number;
  readonly rate: number;
  /** Share of failures among all other rows. */
  readonly restRate: number;
  /** Fisher's exact test, one-sided; corrected over every condition and target tested (Benjamini-Hochberg). */
  readonly pValue: number;
  readonly adjusted: number;
  /** Conditions that say nearly the same of nearly the same rows. */
  readonly also: readonly string[];
  /** Places of failing rows in the run's order, the first `mostPositions` of them. */
  readonly positions: readonly number[];
}

/** An answer that is given for one label more often than for the others. */
export interface ConfusionPattern {
  readonly variant: number;
  readonly expected: string;
  readonly prediction: string;
  /** Rows with that label that were asked, and those among them answered so. */
  readonly rows: number;
  readonly count: number;
  readonly rate: number;
  /** How often rows of the other labels, the answer's own aside, are answered so. */
  readonly restRate: number;
  readonly pValue: number;
  readonly adjusted: number;
}

/** `layoutlab/patterns@1`. */
export interface PatternReport {
  readonly schema: "layoutlab/patterns@1";
  readonly run: string;
  /** Share of findings that chance alone may have made. */
  readonly falseDiscoveryRate: number;
  readonly tested: number;
  readonly found: readonly ErrorPattern[];
  readonly confusions: readonly ConfusionPattern[];
  /** How rows fared over the variants asked most: right under all, under some, under none. */
  readonly agreement: { readonly rows: number; readonly all: number; readonly some: number; readonly none: number };
}

const mostPositions = 2000;
const mostFound = 60;
const mostConfusions = 40;
/** Fewer failures than this have no pattern. */
const fewestFailures = 5;
/** Two conditions whose failing rows overlap by this share are one finding. */
const sameRows = 0.7;

/** A target as a mark on each row: 1 fails, 0 does not, 2 was not asked. */
interface Marked {
  readonly target: PatternTarget;
  readonly marks: Uint8Array;
}

const notAsked = 2;

/** What concerns all variants first; within a kind, the clearest first. */
const kinds: readonly PatternTarget["kind"][] = ["everywhere", "only", "wrong", "unparsable"];

/** Finds what failing rows have in common. Only what stood in the dataset defines a group; answers only count in it. */
export async function errorPatterns(run: string, table: RunTable, pause = noPause): Promise<PatternReport> {
  const conditions = await conditionsOf(table.rows, table.segmentColumn, pause);
  await pause();
  const tests: Omit<Found, "pValue" | "adjusted">[] = [];
  for (const marked of targetsOf(table)) {
    let total = 0;
    let failing = 0;
    for (const mark of marked.marks) {
      if (mark === notAsked) continue;
      total += 1;
      failing += mark;
    }
    if (failing < fewestFailures) continue;
    for (const condition of conditions) tests.push({ marked, condition, total, failing, ...within(marked, condition) });
    await pause();
  }
  const p = tests.map(({ rows, failures, failing, total }) => fisherUpper(failures, rows, failing, total));
  const adjusted = benjaminiHochberg(p);
  const found = tests
    .map((test, i) => ({ ...test, pValue: p[i] as number, adjusted: adjusted[i] as number }))
    .filter((test) => test.adjusted < table.alpha)
    .sort((a, b) => a.pValue - b.pValue || b.failures - a.failures);
  await pause();
  const confusions = confusionPatterns(table);
  await pause();
  return {
    schema: "layoutlab/patterns@1",
    run,
    falseDiscoveryRate: table.alpha,
    tested: tests.length + confusions.tested,
    found: merged(found, table)
      .slice(0, mostFound)
      .sort((a, b) => kinds.indexOf(a.target.kind) - kinds.indexOf(b.target.kind)),
    confusions: confusions.found,
    agreement: agreementOf(table),
  };
}

function within({ marks }: Marked, { members }: Condition): { readonly rows: number; readonly failures: number } {
  let rows = 0;
  let failures = 0;
  for (const i of members) {
    const mark = marks[i] as number;
    if (mark === notAsked) continue;
    rows += 1;
    failures += mark;
  }
  return { rows, failures };
}

function targetsOf(table: RunTable): Marked[] {
  const { rows, variants, columns, firsts } = table;
  const mark = (target: PatternTarget, of: (position: number) => number): Marked => ({
    target,
    marks: Uint8Array.from(rows, ({ position }) => of(position)),
  });
  const stateAt = (variant: number, position: number) => {
    const at = firsts[variant]?.[position] ?? -1;
    return at < 0 ? isVoid : (columns.state[at] as number);
  };
  const own = variants.flatMap(({ index }) => [
    mark({ kind: "wrong", variant: index }, (position) => wrongAt(table, index, position)),
    mark({ kind: "unparsable", variant: index }, (position) => {
      const state = stateAt(index, position);
      return state === isVoid ? notAsked : Number(state === unparsable);
    }),
  ]);
  const compared = askedEnough(table, variants);
  if (compared.length < 2) return own;
  const together = (position: number) => compared.map(({ index }) => wrongAt(table, index, position));
  const marksAt = new Map(rows.map(({ position }) => [position, together(position)]));
  const of = (position: number, fails: (marks: readonly number[]) => boolean) => {
    const marks = marksAt.get(position) ?? [notAsked];
    return marks.includes(notAsked) ? notAsked : Number(fails(marks));
  };
  return [
    mark({ kind: "everywhere" }, (position) => of(position, (marks) => marks.every((each) => each === 1))),
    ...compared.map(({ index }, i) =>
      mark({ kind: "only", variant: index }, (position) =>
        of(position, (marks) => marks.every((each, j) => each === Number(i === j))),
      ),
    ),
    ...own,
  ];
}

/** A wrong answer is one that does not score in full, as the error browser has it. */
function wrongAt(table: RunTable, variant: number, position: number): number {
  const score = scoreAt(table, variant, position);
  return Number.isNaN(score) ? notAsked : Number(score < 1);
}

/** A condition that was found for a target, with the counts it was tested by. */
interface Found {
  readonly marked: Marked;
  readonly condition: Condition;
  readonly total: number;
  readonly failing: number;
  readonly rows: number;
  readonly failures: number;
  readonly pValue: number;
  readonly adjusted: number;
}

/**
 * The findings worth a line, the clearest first. One that picks nearly the same failing rows of a target as a clearer one is named
 * with it; one that owes its failures to rows of clearer ones is left out: on the other rows it must still fail more than the rest.
 */
function merged(found: readonly Found[], table: RunTable): ErrorPattern[] {
  const kept: Kept[] = [];
  const told = new Map<Marked, Told>();
  for (const one of found) {
    const { marked, condition } = one;
    const rest = told.get(marked) ?? untold(one);
    told.set(marked, rest);
    const own = condition.members.filter((i) => marked.marks[i] === 1);
    const twin = kept.find((other) => other.marked === marked && overlap(other, own) >= sameRows);
    if (twin !== undefined) {
      if (twin.also.length < 4) twin.also.push(condition.text);
      continue;
    }
    if (!addsTo(rest, one, table.alpha)) continue;
    cover(rest, one);
    const failing = new Uint8Array(marked.marks.length);
    for (const i of own) failing[i] = 1;
    const also: string[] = [];
    kept.push({ marked, failing, size: own.length, also, pattern: patternOf(one, own, also, table) });
  }
  return kept.map(({ pattern }) => pattern);
}

interface Kept {
  readonly marked: Marked;
  /** 1 for each failing row that it holds. */
  readonly failing: Uint8Array;
  readonly size: number;
  readonly also: string[];
  readonly pattern: ErrorPattern;
}

/** Rows of a target that nothing kept holds yet. */
interface Told {
  readonly covered: Uint8Array;
  total: number;
  failing: number;
}

function untold({ marked: { marks }, total, failing }: Found): Told {
  return { covered: new Uint8Array(marks.length), total, failing };
}

/** Does the condition still fail more than the rest on rows that nothing kept holds? */
function addsTo(
  { covered, total, failing }: Told,
  { marked: { marks }, condition: { members } }: Found,
  alpha: number,
) {
  let rows = 0;
  let failures = 0;
  for (const i of members) {
    const mark = marks[i] as number;
    if (mark === notAsked || covered[i] === 1) continue;
    rows += 1;
    failures += mark;
  }
  return fisherUpper(failures, rows, failing, total) < alpha;
}

function cover(told: Told, { marked: { marks }, condition: { members } }: Found): void {
  for (const i of members) {
    const mark = marks[i] as number;
    if (mark === notAsked || told.covered[i] === 1) continue;
    told.covered[i] = 1;
    told.total -= 1;
    told.failing -= mark;
  }
}

/** Shared failing rows as a share of those that either holds. */
function overlap({ failing, size }: Kept, own: Uint32Array): number {
  if (Math.min(size, own.length) < sameRows * Math.max(size, own.length)) return 0;
  let both = 0;
  for (const i of own) both += failing[i] as number;
  return both / Math.max(1, size + own.length - both);
}

function patternOf(one: Found, failingRows: Uint32Array, also: readonly string[], table: RunTable): ErrorPattern {
  const {
    marked: { target },
    condition,
    total,
    failing,
    rows,
    failures,
    pValue,
    adjusted,
  } = one;
  return {
    id: `${target.kind} ${"variant" in target ? target.variant : ""} ${condition.text}`,
    target,
    kind: condition.kind,
    condition: condition.text,
    rows,
    failures,
    rate: failures / rows,
    restRate: total === rows ? 0 : (failing - failures) / (total - rows),
    pValue,
    adjusted,
    also,
    positions: Array.from(failingRows.subarray(0, mostPositions), (i) => table.rows[i]?.position ?? 0),
  };
}

/**
 * Pairs of labels that are confused more than chance has it. A pair is tested among all rows whose right answer is not the one
 * given, so that no label is held against itself.
 */
function confusionPatterns(table: RunTable): { readonly tested: number; readonly found: readonly ConfusionPattern[] } {
  const { columns, variants, firsts } = table;
  const tests = variants.flatMap(({ index }) => {
    const pairs = new Map<string, { readonly expected: number; readonly prediction: number; count: number }>();
    const asked = new Map<number, number>();
    const answered = new Map<number, number>();
    let all = 0;
    for (const at of firsts[index] ?? []) {
      if (at < 0 || columns.state[at] === isVoid) continue;
      const expected = columns.expected[at] as number;
      if (expected < 0) continue;
      all += 1;
      asked.set(expected, (asked.get(expected) ?? 0) + 1);
      const prediction = columns.prediction[at] as number;
      if (prediction < 0 || prediction === expected) continue;
      answered.set(prediction, (answered.get(prediction) ?? 0) + 1);
      const key = `${expected} ${prediction}`;
      const pair = pairs.get(key) ?? { expected, prediction, count: 0 };
      pairs.set(key, { ...pair, count: pair.count + 1 });
    }
    if (asked.size < 3) return [];
    // Every pair of labels was a candidate, whether it came up or not.
    const candidates = answered.size * (asked.size - 1);
    const found = [...pairs.values()].map(({ expected, prediction, count }) => {
      const rows = asked.get(expected) ?? 0;
      const total = all - (asked.get(prediction) ?? 0);
      const marked = answered.get(prediction) ?? 0;
      return {
        variant: index,
        expected,
        prediction,
        count,
        rows,
        total,
        marked,
        pValue: fisherUpper(count, rows, marked, total),
      };
    });
    return [...found, ...new Array<undefined>(Math.max(0, candidates - found.length)).fill(undefined)];
  });
  const adjusted = benjaminiHochberg(tests.map((test) => test?.pValue ?? 1));
  const found = tests.flatMap((test, i) => {
    const own = adjusted[i] as number;
    if (test === undefined || own >= table.alpha) return [];
    const { variant, expected, prediction, rows, count, total, marked, pValue } = test;
    const rest = total - rows;
    return [
      {
        variant,
        expected: columns.answers[expected] ?? "",
        prediction: columns.answers[prediction] ?? "",
        rows,
        count,
        rate: count / rows,
        restRate: rest <= 0 ? 0 : (marked - count) / rest,
        pValue,
        adjusted: own,
      },
    ];
  });
  found.sort((a, b) => a.pValue - b.pValue || b.count - a.count);
  return { tested: tests.length, found: found.slice(0, mostConfusions) };
}

function agreementOf(table: RunTable): PatternReport["agreement"] {
  const compared = askedEnough(table, table.variants);
  const counts = { rows: 0, all: 0, some: 0, none: 0 };
  for (const { position } of table.rows) {
    const marks = compared.map(({ index }) => wrongAt(table, index, position));
    if (marks.length === 0 || marks.includes(notAsked)) continue;
    counts.rows += 1;
    const wrong = marks.reduce((sum, mark) => sum + mark, 0);
    counts[wrong === 0 ? "all" : wrong === marks.length ? "none" : "some"] += 1;
  }
  return counts;
}
