import { wilson } from "../stats/proportion.ts";
import type { VariantRecord } from "../store/store.ts";
import { type FactorInteraction, factorInteractions } from "./factors.ts";
import { interactionFigures, type LayoutInteraction, layoutInteraction } from "./interaction.ts";
import type { RunTable } from "./runTable.ts";
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
  /** The same for parameters with several values, Holm-corrected together. */
  readonly factors: readonly FactorInteraction[];
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
    // Columns that differ in parameters alone say something about those.
    interaction: new Set(table.variants.map(({ model }) => model)).size < 2 ? null : interaction(table, groups),
    factors: factorInteractions(table),
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
  const found = layoutInteraction(table, groups);
  if (found === undefined) return null;
  const { rows, layouts, test } = found;
  return {
    rows,
    layouts,
    f: test?.f ?? null,
    df: test?.df ?? null,
    p: test?.p ?? null,
    explanation: explain(found, table.alpha),
  };
}

function explain({ test, rows }: LayoutInteraction, alpha: number): string {
  if (test === undefined)
    return `The ${rows} rows that all were asked are too few to say whether the effect of a layout depends on the model.`;
  const figures = interactionFigures(test, test.p, rows);
  return test.p < alpha
    ? `What a layout does depends on the model (${figures}): choose a layout for each.`
    : `No sign that what a layout does depends on the model (${figures}); that is no proof that it does not.`;
}
