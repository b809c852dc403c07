import type { ScoreTable } from "./matrix.ts";
import { missingWarning } from "./missing.ts";
import { openSampler } from "./open.ts";
import type { SamplerOptions } from "./options.ts";
import { storedOrder } from "./order.ts";
import type { Decision, VariantState, Verdict } from "./sampler.ts";

export interface MatrixOptions extends Omit<SamplerOptions, "candidates" | "rows" | "joins"> {
  /** Cost per 1,000 calls by column name. */
  readonly costs?: Readonly<Record<string, number>>;
}

export interface MatrixDecision {
  readonly verdict: Verdict;
  /** Rows used, of those there are. */
  readonly rows: number;
  /** Scores consumed. */
  readonly calls: number;
  readonly variants: readonly VariantState[];
  readonly decisions: readonly Decision[];
  /** What a reader must know before quoting the verdict. */
  readonly notes: readonly string[];
}

/** Decides a table of scores as a run over it would, in the order the seed gives. */
export function decideMatrix(table: ScoreTable, options: MatrixOptions = {}): MatrixDecision {
  const { costs, ...rest } = options;
  const sampler = openSampler({
    ...rest,
    rows: table.rows.length,
    candidates: table.columns.map((id) => {
      const cost = costs?.[id];
      return cost === undefined ? { id } : { id, cost };
    }),
  });
  const order = storedOrder(table.rows.length, options.seed ?? 1);
  for (let asks = sampler.ask(64); asks.length > 0; asks = sampler.ask(64)) {
    for (const { row, variant } of asks) {
      const score = table.rows[order[row] as number]?.[variant] ?? Number.NaN;
      sampler.tell(row, variant, Number.isNaN(score) ? "void" : score);
    }
  }
  const variants = sampler.variants();
  return {
    verdict: sampler.verdict(),
    rows: sampler.watermark,
    calls: variants.reduce((sum, v) => sum + v.trials, 0),
    variants,
    decisions: sampler.decisions(),
    notes: missingNotes(table, options.noun ?? "layout"),
  };
}

function missingNotes({ columns, rows }: ScoreTable, noun: "layout" | "variant"): string[] {
  const missing = columns.map((name, v) => ({
    name,
    missing: rows.reduce((n, row) => n + (Number.isNaN(row[v]) ? 1 : 0), 0),
    tried: rows.length,
  }));
  const lost = rows.filter((row) => row.some((x) => Number.isNaN(x))).length;
  if (lost === 0) return [];
  const warning = missingWarning(missing, noun);
  const counts = lost === 1 ? "1 row lacks a score and counts" : `${lost} rows lack a score and count`;
  return [`${counts} for no ${noun}.`, ...(warning === undefined ? [] : [warning])];
}
