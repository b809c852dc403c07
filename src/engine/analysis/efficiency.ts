import { seededRandom } from "../../base/random.ts";
import { quantile } from "../metrics/quantile.ts";
import { holm } from "../stats/multiple.ts";
import { normalQuantile } from "../stats/normal.ts";
import { pairedFactor, pairedRatio, type RatioEstimate, ratioInterval } from "../stats/ratio.ts";
import type { VariantRecord } from "../store/store.ts";
import { noPause, type Pause } from "./pause.ts";
import type { RunTable } from "./runTable.ts";

export type Spent = "tokens" | "cost" | "latency";

/** What a right answer of a variant takes. */
export interface VariantEfficiency {
  readonly variant: string;
  readonly rows: number;
  readonly correct: number;
  /** Null without a right answer. */
  readonly tokensPerCorrect: RatioEstimate | null;
  /** US dollars, of answers whose price is known; null where that is not all of them. */
  readonly costPerCorrect: RatioEstimate | null;
  /** Median of measured calls in ms, with an interval that assumes nothing about their shape; null where none was measured. */
  readonly latency: {
    readonly median: number;
    readonly lo: number;
    readonly hi: number;
    readonly calls: number;
  } | null;
}

/** A variant against the one it is compared with, on the rows both answered. */
export interface EfficiencyChange {
  readonly variant: string;
  readonly against: string;
  readonly what: Spent;
  readonly rows: number;
  /** Times as much: 0.8 is a fifth less. For tokens and money, of a right answer; for latency, of a call. */
  readonly factor: number;
  readonly interval: readonly [number, number];
  /** Corrected over all pairs of variants (Holm); null for latency, whose intervals are widened instead (Bonferroni). */
  readonly adjusted: number | null;
  readonly differs: boolean;
}

/** `layoutlab/efficiency@1`. */
export interface EfficiencyReport {
  readonly schema: "layoutlab/efficiency@1";
  readonly run: string;
  readonly confidence: number;
  readonly variants: readonly VariantEfficiency[];
  /** Id of the variant that the others are held against, the most accurate of those asked most; null with a single one. */
  readonly against: string | null;
  readonly changes: readonly EfficiencyChange[];
}

const fewestRows = 20;

/** Ratios of sums with intervals over rows, and paired changes against one variant. Void trials cost nothing and count nowhere. */
export async function efficiency(run: string, table: RunTable, pause = noPause): Promise<EfficiencyReport> {
  const variants: VariantEfficiency[] = [];
  for (const variant of table.variants) {
    variants.push(ofVariant(table, variant));
    await pause();
  }
  const most = Math.max(0, ...variants.map(({ rows }) => rows));
  const best = table.variants
    .map((variant, i) => ({ variant, own: variants[i] as VariantEfficiency }))
    .filter(({ own }) => own.rows > 0 && own.rows >= most / 2)
    .sort((a, b) => b.own.correct / b.own.rows - a.own.correct / a.own.rows)[0]?.variant;
  const others = table.variants.filter((variant) => variant !== best);
  return {
    schema: "layoutlab/efficiency@1",
    run,
    confidence: 1 - table.alpha,
    variants,
    against: best === undefined || others.length === 0 ? null : best.id,
    changes: best === undefined ? [] : await allChanges(table, best, others, pause),
  };
}

function ofVariant(table: RunTable, variant: VariantRecord): VariantEfficiency {
  const { tokens, cost, score, latency } = vectors(table, variant.index);
  const correct = score.reduce((sum, value) => sum + value, 0);
  const ratio = (spent: readonly number[]) => {
    const total = spent.reduce((sum, value) => sum + value, 0);
    return correct > 0 && total > 0 && !Number.isNaN(total) ? ratioInterval(spent, score, table.alpha) : null;
  };
  // What is free is known to cost nothing; tokens that add up to none were not reported.
  const free = correct > 0 && cost.every((dollars) => dollars === 0);
  return {
    variant: variant.id,
    rows: score.length,
    correct,
    tokensPerCorrect: ratio(tokens),
    costPerCorrect: free ? { ratio: 0, lo: 0, hi: 0 } : ratio(cost),
    latency: medianInterval(
      latency.filter((ms) => !Number.isNaN(ms)),
      table.alpha,
    ),
  };
}

/** One value a row that was answered: NaN for what is not known. */
function vectors({ columns, firsts }: RunTable, variant: number) {
  const out = {
    position: [] as number[],
    tokens: [] as number[],
    cost: [] as number[],
    score: [] as number[],
    latency: [] as number[],
  };
  for (const at of firsts[variant] ?? []) {
    if (at < 0) continue;
    const score = columns.score[at] as number;
    if (Number.isNaN(score)) continue;
    out.position.push(columns.position[at] as number);
    out.score.push(score);
    out.tokens.push((columns.promptTokens[at] as number) + (columns.completionTokens[at] as number));
    out.cost.push(columns.cost[at] as number);
    out.latency.push(columns.latencyMs[at] as number);
  }
  return out;
}

/** Order statistics around the median, by the normal approximation of the binomial (Conover, Practical Nonparametric Statistics). */
function medianInterval(values: readonly number[], alpha: number): VariantEfficiency["latency"] {
  const n = values.length;
  if (n === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const half = normalQuantile(1 - alpha / 2) * Math.sqrt(n) * 0.5;
  const at = (i: number) => sorted[Math.min(n - 1, Math.max(0, Math.round(i)))] as number;
  return { median: quantile(sorted, 0.5), lo: at(n / 2 - half - 0.5), hi: at(n / 2 + half - 0.5), calls: n };
}

/**
 * Against one variant, corrected over all pairs: which one stands in the middle is seen from the same rows, and a claim must hold
 * whichever it had been.
 */
async function allChanges(
  table: RunTable,
  best: VariantRecord,
  others: readonly VariantRecord[],
  pause: Pause,
): Promise<EfficiencyChange[]> {
  const all = [best, ...others].map((variant) => ({ variant, own: vectors(table, variant.index) }));
  const shownChanges: EfficiencyChange[] = [];
  for (const what of ["tokens", "cost", "latency"] as const) {
    // An interval of latencies is drawn again and again: only those that are shown.
    const pairs = all.flatMap((base, j) =>
      what === "latency" && j > 0 ? [] : all.slice(j + 1).map((side) => ({ side, base, shown: j === 0 })),
    );
    // Latencies have no p-value to correct: their intervals share the error instead.
    const alpha = what === "latency" ? table.alpha / Math.max(1, pairs.length) : table.alpha;
    const found: (Change & { readonly variant: string; readonly shown: boolean })[] = [];
    for (const { side, base, shown } of pairs) {
      const change = changeOf(what, side.own, base.own, alpha, side.variant.id);
      if (change !== undefined) found.push({ variant: side.variant.id, shown, ...change });
      await pause();
    }
    const adjusted = holm(found.map(({ p }) => p ?? 1));
    shownChanges.push(
      ...found.flatMap(({ variant, shown, rows, ratio, lo, hi, p }, i) =>
        shown
          ? [
              {
                variant,
                against: best.id,
                what,
                rows,
                factor: ratio,
                interval: [lo, hi] as const,
                adjusted: p === null ? null : (adjusted[i] ?? 1),
                differs: p === null ? lo > 1 || hi < 1 : (adjusted[i] ?? 1) < table.alpha,
              },
            ]
          : [],
      ),
    );
  }
  return shownChanges;
}

interface Change extends RatioEstimate {
  readonly rows: number;
  readonly p: number | null;
}

function changeOf(
  what: Spent,
  own: ReturnType<typeof vectors>,
  base: ReturnType<typeof vectors>,
  alpha: number,
  seed: string,
): Change | undefined {
  const baseAt = new Map(base.position.map((position, i) => [position, i]));
  const pairs = own.position.flatMap((position, i) => {
    const j = baseAt.get(position);
    if (j === undefined) return [];
    const known = !Number.isNaN(own[what][i] as number) && !Number.isNaN(base[what][j] as number);
    return known ? [[i, j] as const] : [];
  });
  if (pairs.length < fewestRows) return undefined;
  const spentA = pairs.map(([i]) => own[what][i] as number);
  const spentB = pairs.map(([, j]) => base[what][j] as number);
  if (what === "latency") {
    if ([...spentA, ...spentB].some((ms) => ms <= 0)) return undefined;
    const draws = Math.max(200, Math.min(2000, Math.round(4e6 / pairs.length)));
    const factor = pairedFactor(spentA, spentB, { alpha, draws, random: seededRandom("latency", seed) });
    return { rows: pairs.length, ...factor, p: null };
  }
  const boughtA = pairs.map(([i]) => own.score[i] as number);
  const boughtB = pairs.map(([, j]) => base.score[j] as number);
  const change = pairedRatio({ spentA, boughtA, spentB, boughtB }, alpha);
  return change && { rows: pairs.length, ...change };
}
