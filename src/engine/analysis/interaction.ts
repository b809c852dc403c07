import { type MeanVectorTest, meanVectorTest } from "../stats/hotelling.ts";
import type { VariantRecord } from "../store/store.ts";
import { askedEnough, type RunTable, scoreAt } from "./runTable.ts";

/** Whether the effect of a layout is another one from group to group. */
export interface LayoutInteraction {
  readonly layouts: readonly string[];
  /** Rows that every one of these layouts was asked in every group. */
  readonly rows: number;
  /** Undefined with too few rows. */
  readonly test: MeanVectorTest | undefined;
}

/**
 * Hotelling's test on each row's differences of differences: how a layout differs from the first in a group, less how it does in the
 * first group. Undefined with fewer than two groups, or two layouts that all groups share.
 */
export function layoutInteraction(
  table: RunTable,
  groups: readonly (readonly VariantRecord[])[],
): LayoutInteraction | undefined {
  const enough = new Set(askedEnough(table, table.variants));
  const shared = (groups[0] ?? [])
    .map(({ layout }) => layout)
    .filter((layout) => groups.every((group) => group.some((one) => one.layout === layout && enough.has(one))));
  if (groups.length < 2 || shared.length < 2) return undefined;
  const grid = groups.map((group) => shared.map((layout) => group.find((one) => one.layout === layout)?.index ?? -1));
  const rows: number[][] = [];
  for (let position = 0; position < (table.firsts[0]?.length ?? 0); position++) {
    const scores = grid.map((line) => line.map((variant) => scoreAt(table, variant, position)));
    if (scores.some((line) => line.some(Number.isNaN))) continue;
    const [base = [], ...others] = scores;
    rows.push(
      others.flatMap((line) =>
        line.slice(1).map((score, l) => score - (line[0] ?? 0) - ((base[l + 1] ?? 0) - (base[0] ?? 0))),
      ),
    );
  }
  return { layouts: shared, rows: rows.length, test: meanVectorTest(rows) };
}

/** The figures in words, with the p-value that counts. */
export function interactionFigures({ df, f }: MeanVectorTest, p: number, rows: number): string {
  return `F(${df.join(", ")}) = ${f.toFixed(2)}, p ${p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`}, ${rows} rows`;
}
