import type { Interval } from "../decide/sampler.ts";
import { points } from "../decide/words.ts";
import { chiSquaredTail } from "../stats/gamma.ts";
import { holm } from "../stats/multiple.ts";
import { wilson } from "../stats/proportion.ts";

/** One trial: where the decisive text stood, and how it went. */
export interface PlacedScore {
  readonly at: number;
  readonly score: number;
}

/** Trials whose decisive text stood at much the same place. */
export interface PositionBin {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly accuracy: number;
  /** Wilson interval. */
  readonly interval: Interval;
}

/** Accuracy by where the decisive text stands, for one variant. */
export interface PositionCurve {
  readonly variant: string;
  readonly rows: number;
  /** From the front to the back. */
  readonly bins: readonly PositionBin[];
  /** Chi-squared test of "the same accuracy everywhere", Holm-corrected over the variants. */
  readonly test: { readonly statistic: number; readonly df: number; readonly pValue: number };
  readonly explanation: string;
}

/** Values are kept apart up to this many; more are put into bins of equal size. */
const mostValues = 12;
const mostBins = 8;
/** Rows in a bin; the test is approximate below. */
const fewestInBin = 10;

/** Curves of all variants of a run. `unit` is what positions are: a column's own numbers, or shares of the prompt. */
export function positionCurves(
  variants: readonly { readonly variant: string; readonly placed: readonly PlacedScore[] }[],
  unit: "column" | "share",
  confidence = 0.95,
): readonly PositionCurve[] {
  const alpha = 1 - confidence;
  const curves = variants.map(({ variant, placed }) => {
    const groups = grouped(placed);
    const bins = groups.map((group) => binOf(group, alpha));
    return { variant, rows: placed.length, bins, ...flatness(placed, bins) };
  });
  const corrected = holm(curves.map(({ pValue }) => pValue));
  return curves.map(({ statistic, df, pValue: _, ...curve }, i) => {
    const test = { statistic, df, pValue: corrected[i] ?? 1 };
    return { ...curve, test, explanation: explain(curve.bins, test, unit, alpha) };
  });
}

/** A bin's place for people: "3", "10 to 19", "40 % to 55 %". */
export function placeText({ from, to }: PositionBin, unit: "column" | "share"): string {
  const text = (value: number) => (unit === "share" ? points.percent(value) : String(value));
  return text(from) === text(to) ? text(from) : `${text(from)} to ${text(to)}`;
}

/** One group a value where values are few, else bins of about equal size that never part equal values. */
function grouped(placed: readonly PlacedScore[]): readonly (readonly PlacedScore[])[] {
  const sorted = [...placed].sort((a, b) => a.at - b.at);
  const values = new Set(sorted.map(({ at }) => at)).size;
  const size = values <= mostValues ? fewestInBin : Math.max(fewestInBin, Math.ceil(sorted.length / mostBins));
  const groups: PlacedScore[][] = [];
  let open: PlacedScore[] = [];
  sorted.forEach((one, i) => {
    open.push(one);
    if (open.length >= size && sorted[i + 1]?.at !== one.at) {
      groups.push(open);
      open = [];
    }
  });
  const last = groups.at(-1);
  // Few left over join their neighbours.
  if (last !== undefined && open.length < fewestInBin) last.push(...open);
  else if (open.length > 0) groups.push(open);
  return groups;
}

function binOf(group: readonly PlacedScore[], alpha: number): PositionBin {
  const right = group.reduce((sum, { score }) => sum + score, 0);
  return {
    from: group[0]?.at ?? 0,
    to: group.at(-1)?.at ?? 0,
    rows: group.length,
    accuracy: right / group.length,
    interval: wilson(right, group.length, alpha),
  };
}

/** Pearson's chi-squared for right and wrong; for other scores the same sum over their common variance. */
function flatness(placed: readonly PlacedScore[], bins: readonly PositionBin[]) {
  const df = Math.max(0, bins.length - 1);
  const mean = placed.reduce((sum, { score }) => sum + score, 0) / Math.max(1, placed.length);
  const variance = placed.reduce((sum, { score }) => sum + (score - mean) ** 2, 0) / Math.max(1, placed.length);
  if (df === 0 || variance === 0) return { statistic: 0, df, pValue: 1 };
  const statistic = bins.reduce((sum, { rows, accuracy }) => sum + (rows * (accuracy - mean) ** 2) / variance, 0);
  return { statistic, df, pValue: chiSquaredTail(statistic, df) };
}

function explain(
  bins: readonly PositionBin[],
  { statistic, df, pValue }: PositionCurve["test"],
  unit: "column" | "share",
  alpha: number,
): string {
  const [first] = bins;
  if (first === undefined) return "There are no scored rows.";
  if (bins.length === 1) {
    return first.from === first.to
      ? `The decisive text always stands at ${placeText(first, unit)}, so nothing can be said about its place.`
      : `There are too few rows to compare places.`;
  }
  const best = bins.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const worst = bins.reduce((a, b) => (b.accuracy < a.accuracy ? b : a));
  const test = `chi-squared ${statistic.toFixed(1)}, ${df} df, p ${pValue < 0.001 ? "< 0.001" : `= ${pValue.toFixed(3)}`}`;
  const range =
    `${points.percent(best.accuracy)} at ${placeText(best, unit)}, ` +
    `${points.percent(worst.accuracy)} at ${placeText(worst, unit)}`;
  if (pValue >= alpha) return `No effect of place is shown (${test}); it ranges from ${range}.`;
  // Where a prompt's own length moves the text, long and short rows differ in more than its place.
  return unit === "column"
    ? `Place matters (${test}): ${range}.`
    : `Accuracy differs by place (${test}): ${range}. Rows that differ in place here differ in length too, which may be the reason; a column of places tells.`;
}
