import { quantile } from "../metrics/quantile.ts";
import { type LogisticSlope, logisticSlope } from "../stats/logistic.ts";
import { holm } from "../stats/multiple.ts";
import { normalCdf } from "../stats/normal.ts";
import { wilson } from "../stats/proportion.ts";
import { spearman } from "../stats/rank.ts";
import { noPause } from "./pause.ts";
import { type InputRow, type RunTable, scoreAt } from "./runTable.ts";

export type LengthMeasure = "words" | "sentence" | "word";

export interface LengthBin {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly accuracy: number;
  readonly interval: readonly [number, number];
}

/** Accuracy of a variant by one measure of its texts. */
export interface LengthEffect {
  readonly variant: string;
  readonly measure: LengthMeasure;
  readonly bins: readonly LengthBin[];
  /** Spearman's rank correlation of the measure and the score. */
  readonly correlation: number;
  /**
   * What the odds of a right answer are multiplied with from the measure's lower quartile to its upper one; null where no curve
   * fits, as where length decides all.
   */
  readonly odds: {
    readonly from: number;
    readonly to: number;
    readonly factor: number;
    readonly lo: number;
    readonly hi: number;
  } | null;
  /** Of the correlation, corrected over all variants and measures (Holm). */
  readonly adjusted: number;
  readonly matters: boolean;
}

/** `layoutlab/lengths@1`. */
export interface LengthReport {
  readonly schema: "layoutlab/lengths@1";
  readonly run: string;
  readonly confidence: number;
  readonly effects: readonly LengthEffect[];
}

const bins = 6;
const fewestRows = 30;

const measures: Readonly<Record<LengthMeasure, (row: InputRow) => number>> = {
  words: ({ features }) => features.words,
  sentence: ({ segment, features }) =>
    features.words / Math.max(1, segment.match(/[.!?。！？]+(?:\s|$)/g)?.length ?? 0),
  word: ({ segment, features }) => (segment.match(/[\p{L}\p{N}]/gu)?.length ?? 0) / Math.max(1, features.words),
};

/** How right answers depend on how long and how dense a text is: by bins for the eye, by a slope for the claim. */
export async function lengthEffects(run: string, table: RunTable, pause = noPause): Promise<LengthReport> {
  const found: (Omit<LengthEffect, "adjusted" | "matters"> & { readonly p: number })[] = [];
  for (const measure of Object.keys(measures) as LengthMeasure[]) {
    const values = table.rows.map(measures[measure]);
    for (const { id, index } of table.variants) {
      const effect = effectOf(table, id, index, measure, values);
      if (effect !== undefined) found.push(effect);
      await pause();
    }
  }
  const adjusted = holm(found.map(({ p }) => p));
  return {
    schema: "layoutlab/lengths@1",
    run,
    confidence: 1 - table.alpha,
    effects: found.map(({ p: _, ...effect }, i) => ({
      ...effect,
      adjusted: adjusted[i] ?? 1,
      matters: (adjusted[i] ?? 1) < table.alpha,
    })),
  };
}

function effectOf(table: RunTable, variant: string, index: number, measure: LengthMeasure, values: readonly number[]) {
  const x: number[] = [];
  const y: number[] = [];
  table.rows.forEach(({ position }, i) => {
    const score = scoreAt(table, index, position);
    const value = values[i] as number;
    if (Number.isNaN(score) || !(value > 0)) return;
    x.push(value);
    y.push(score);
  });
  if (x.length < fewestRows) return undefined;
  const fit = logisticSlope(x.map(Math.log2), y, table.alpha);
  const sorted = Float64Array.from(x).sort();
  const correlation = spearman(x, y);
  // Whatever the ties, the variance of a rank correlation of unrelated values is 1 / (n - 1).
  const p = 2 * normalCdf(-Math.abs(correlation) * Math.sqrt(x.length - 1));
  const odds = oddsAcross(fit, [quantile(sorted, 0.25), quantile(sorted, 0.75)]);
  return { variant, measure, bins: binned(x, y, table.alpha), correlation, odds, p };
}

function oddsAcross(fit: LogisticSlope | undefined, [from, to]: readonly [number, number]): LengthEffect["odds"] {
  if (fit === undefined || from >= to) return null;
  const span = Math.log2(to / from);
  const { slope, interval } = fit;
  return {
    from,
    to,
    factor: Math.exp(slope * span),
    lo: Math.exp(interval[0] * span),
    hi: Math.exp(interval[1] * span),
  };
}

/** Bins of about equal size; equal values share one. */
function binned(x: readonly number[], y: readonly number[], alpha: number): LengthBin[] {
  const order = x.map((_, i) => i).sort((i, j) => (x[i] as number) - (x[j] as number) || i - j);
  const groups: number[][] = [];
  for (const i of order) {
    const last = groups.at(-1);
    const full = last !== undefined && last.length >= order.length / bins;
    if (last === undefined || (full && x[last.at(-1) as number] !== x[i])) groups.push([i]);
    else last.push(i);
  }
  return groups.map((members) => {
    const right = members.reduce((sum, i) => sum + (y[i] as number), 0);
    return {
      from: x[members[0] as number] as number,
      to: x[members.at(-1) as number] as number,
      rows: members.length,
      accuracy: right / members.length,
      interval: wilson(right, members.length, alpha),
    };
  });
}
