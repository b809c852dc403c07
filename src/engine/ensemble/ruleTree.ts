import type { SegmentFeatures } from "../layout/features.ts";
import { firstMatch, holds } from "../layout/rules.ts";
import type { Condition } from "../spec/experiment.ts";

/** One row of an earlier run: its text's features, and its score under each layout. */
export interface RuledRow {
  readonly features: SegmentFeatures;
  readonly scores: readonly number[];
}

/** A fitted rule; `use` is the layout's place. */
export interface FittedRule {
  readonly when: readonly Condition[];
  readonly use: number;
}

/** The fewest rows a rule may rest on. */
const fewestRows = 20;

/**
 * A table of at most four rules: a policy tree of depth two at most over the segment's features (Athey & Wager 2021), found by
 * trying every pair of splits. A split stays only where, on the rows whose layout it changes, the gain exceeds two standard
 * errors; rules that only fit noise are rarely that lucky, and what is left of luck is for cross-fitting to show.
 */
export function fitRules(rows: readonly RuledRow[], layouts: number): readonly FittedRule[] {
  const all = rows.map((_, i) => i);
  const alone = bestOf(rows, all, layouts);
  const splits = splitsOf(rows);
  let best: { readonly rules: readonly FittedRule[]; readonly total: number } = {
    rules: [{ when: [], use: alone.use }],
    total: alone.total,
  };
  for (const split of splits) {
    const yes = all.filter((i) => split.holds[i]);
    const no = all.filter((i) => !split.holds[i]);
    if (Math.min(yes.length, no.length) < fewestRows) continue;
    const inside = refined(rows, yes, layouts, splits);
    const outside = refined(rows, no, layouts, splits);
    const total = inside.total + outside.total;
    if (total <= best.total) continue;
    const rules = simplified([
      ...inside.rules.map(({ when, use }) => ({ when: joined(split.condition, when), use })),
      ...outside.rules,
    ]);
    if (rules.length > 1 && isClear(rows, all, rules, alone.use)) best = { rules, total };
  }
  return best.rules;
}

/** The layout's place that the rules give a row. */
export function ruledLayout(rules: readonly FittedRule[], row: RuledRow): number {
  const rule = firstMatch(rules, row.features);
  if (rule === undefined) throw new Error("the rules have no last one that takes the rest");
  return rule.use;
}

interface Split {
  readonly condition: Condition;
  readonly holds: readonly boolean[];
}

interface Branch {
  readonly rules: readonly FittedRule[];
  readonly total: number;
}

function bestOf(rows: readonly RuledRow[], members: readonly number[], layouts: number) {
  let use = 0;
  let total = Number.NEGATIVE_INFINITY;
  for (let layout = 0; layout < layouts; layout++) {
    let sum = 0;
    for (const i of members) sum += rows[i]?.scores[layout] ?? 0;
    // Sums of the same scores in another order may differ in the last bit.
    if (sum > total + 1e-9) {
      use = layout;
      total = sum;
    }
  }
  return { use, total };
}

/** One side of the first split: as one rule, or split once more where that clearly helps. */
function refined(
  rows: readonly RuledRow[],
  members: readonly number[],
  layouts: number,
  splits: readonly Split[],
): Branch {
  const alone = bestOf(rows, members, layouts);
  let best: Branch = { rules: [{ when: [], use: alone.use }], total: alone.total };
  for (const { condition, holds: fits } of splits) {
    const yes = members.filter((i) => fits[i]);
    const no = members.filter((i) => !fits[i]);
    if (Math.min(yes.length, no.length) < fewestRows) continue;
    const inside = bestOf(rows, yes, layouts);
    const outside = bestOf(rows, no, layouts);
    const total = inside.total + outside.total;
    if (inside.use === outside.use || total <= best.total) continue;
    const rules = [
      { when: [condition], use: inside.use },
      { when: [], use: outside.use },
    ];
    if (isClear(rows, members, rules, alone.use)) best = { rules, total };
  }
  return best;
}

/** Does following the rules beat one layout by more than two standard errors? */
function isClear(
  rows: readonly RuledRow[],
  members: readonly number[],
  rules: readonly FittedRule[],
  alone: number,
): boolean {
  let sum = 0;
  let squares = 0;
  for (const i of members) {
    const row = rows[i] as RuledRow;
    const difference = (row.scores[ruledLayout(rules, row)] ?? 0) - (row.scores[alone] ?? 0);
    sum += difference;
    squares += difference * difference;
  }
  return sum > 2 * Math.sqrt(squares);
}

/** Ways to tell rows apart: deciles of the length, a question or two, numbers, code, and languages that are not rare. */
function splitsOf(rows: readonly RuledRow[]): readonly Split[] {
  const lengths = rows.map(({ features }) => features.words).sort((a, b) => a - b);
  const cuts = new Set(Array.from({ length: 9 }, (_, i) => lengths[Math.floor(((i + 1) * lengths.length) / 10)] ?? 0));
  const languages = new Set(rows.map(({ features }) => features.language));
  const conditions: Condition[] = [
    ...[...cuts].map((value): Condition => ({ feature: "words", op: ">", value })),
    ...[1, 2].map((value): Condition => ({ feature: "questions", op: ">=", value })),
    { feature: "numbers", is: true },
    { feature: "code", is: true },
    ...[...languages].sort().map((is): Condition => ({ feature: "language", is })),
  ];
  return conditions
    .map((condition) => ({ condition, holds: rows.map(({ features }) => holds(condition, features)) }))
    .filter(({ holds: fits }) => {
      const count = fits.filter(Boolean).length;
      return count >= fewestRows && rows.length - count >= fewestRows;
    });
}

/** Both conditions at once; of two on the same feature the narrower is enough, as a split inside a split always is. */
function joined(first: Condition, rest: readonly Condition[]): readonly Condition[] {
  return rest.some(({ feature }) => feature === first.feature) ? rest : [first, ...rest];
}

/** Rules at the end that use what the last one uses say nothing. */
function simplified(rules: readonly FittedRule[]): readonly FittedRule[] {
  const last = rules.at(-1);
  const before = rules.at(-2);
  if (last === undefined || before === undefined || before.use !== last.use) return rules;
  return simplified([...rules.slice(0, -2), last]);
}
