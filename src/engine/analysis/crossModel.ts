import { meanVectorTest } from "../stats/hotelling.ts";
import { wilson } from "../stats/proportion.ts";
import type { VariantRecord } from "../store/store.ts";
import { askedEnough, type RunTable, scoreAt } from "./runTable.ts";
import { variantGroups } from "./variantGroups.ts";

export interface ModelCell {
  readonly variant: string;
  readonly rows: number;
  readonly accuracy: number;
  /** Wilson's, about future rows; a race's own interval stands in the leaderboard. */
  readonly interval: readonly [number, number];
}

/** `layoutlab/cross-model@1`. */
export interface CrossModelReport {
  readonly schema: "layoutlab/cross-model@1";
  readonly run: string;
  /** Model and parameters, one a column. */
  readonly models: readonly string[];
  /** One cell a model, in their order; null where the layout was not asked of it. */
  readonly layouts: readonly { readonly layout: string; readonly cells: readonly (ModelCell | null)[] }[];
  /** Does the effect of a layout depend on the model? Null with one model or one layout in common. */
  readonly interaction: {
    /** Rows that every layout in common was asked under every model. */
    readonly rows: number;
    readonly layouts: readonly string[];
    readonly f: number | null;
    readonly df: readonly [number, number] | null;
    readonly p: number | null;
    readonly explanation: string;
  } | null;
}

/** Layouts by models, and a test of whether they go together (Hotelling's on the differences of differences of each row). */
export function crossModel(run: string, table: RunTable): CrossModelReport {
  const groups = variantGroups(table);
  const layouts = [...new Set(table.variants.map(({ layout }) => layout))];
  const cellOf = (group: readonly VariantRecord[], layout: string) =>
    group.find((variant) => variant.layout === layout);
  return {
    schema: "layoutlab/cross-model@1",
    run,
    models: groups.map(nameOf),
    layouts: layouts.map((layout) => ({
      layout,
      cells: groups.map((group) => {
        const variant = cellOf(group, layout);
        return variant === undefined ? null : cell(table, variant);
      }),
    })),
    interaction: groups.length < 2 ? null : interaction(table, groups),
  };
}

function nameOf([first]: readonly VariantRecord[]): string {
  if (first === undefined) return "";
  const parameters = Object.entries(first.parameters).map(([name, value]) => `${name} ${value}`);
  return [first.model, ...parameters].join(", ");
}

function cell(table: RunTable, variant: VariantRecord): ModelCell | null {
  let rows = 0;
  let right = 0;
  for (const at of table.firsts[variant.index] ?? []) {
    if (at < 0) continue;
    const score = table.columns.score[at] as number;
    if (Number.isNaN(score)) continue;
    rows += 1;
    right += score;
  }
  if (rows === 0) return null;
  return { variant: variant.id, rows, accuracy: right / rows, interval: wilson(right, rows, table.alpha) };
}

function interaction(table: RunTable, groups: readonly (readonly VariantRecord[])[]): CrossModelReport["interaction"] {
  const enough = new Set(askedEnough(table, table.variants));
  const shared = (groups[0] ?? [])
    .map(({ layout }) => layout)
    .filter((layout) => groups.every((group) => group.some((one) => one.layout === layout && enough.has(one))));
  if (shared.length < 2) return null;
  const grid = groups.map((group) => shared.map((layout) => group.find((one) => one.layout === layout)?.index ?? -1));
  const rows: number[][] = [];
  for (let position = 0; position < (table.firsts[0]?.length ?? 0); position++) {
    const scores = grid.map((line) => line.map((variant) => scoreAt(table, variant, position)));
    if (scores.some((line) => line.some(Number.isNaN))) continue;
    const [base = [], ...others] = scores;
    // How each layout differs from the first, under a model, less how it does under the first model.
    rows.push(
      others.flatMap((line) =>
        line.slice(1).map((score, l) => score - (line[0] ?? 0) - ((base[l + 1] ?? 0) - (base[0] ?? 0))),
      ),
    );
  }
  const test = meanVectorTest(rows);
  return {
    rows: rows.length,
    layouts: shared,
    f: test?.f ?? null,
    df: test?.df ?? null,
    p: test?.p ?? null,
    explanation: explain(test, rows.length, table.alpha),
  };
}

function explain(test: ReturnType<typeof meanVectorTest>, rows: number, alpha: number): string {
  if (test === undefined)
    return `The ${rows} rows that all were asked are too few to say whether the effect of a layout depends on the model.`;
  const figures = `F(${test.df.join(", ")}) = ${test.f.toFixed(2)}, p ${test.p < 0.001 ? "< 0.001" : `= ${test.p.toFixed(3)}`}, ${rows} rows`;
  return test.p < alpha
    ? `What a layout does depends on the model (${figures}): choose a layout for each.`
    : `No sign that what a layout does depends on the model (${figures}); that is no proof that it does not.`;
}
