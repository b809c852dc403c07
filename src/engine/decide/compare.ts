import { UserError } from "../../base/errors.ts";
import { seededRandom } from "../../base/random.ts";
import { bootstrapMean } from "../stats/bootstrap.ts";
import { cohensH, pairedOddsRatio } from "../stats/effectSize.ts";
import { detectableDifference, pairedPower, pairedSampleSize } from "../stats/power.ts";
import { anytimeInterval, meanDifference, pairedCounts } from "./paired.ts";
import { type PairTest, testPair } from "./pairTest.ts";
import type { Interval } from "./sampler.ts";
import { points } from "./words.ts";

/** Scores in [0, 1] by example id (a content hash, so that runs of different days and tools pair up). */
export type Scores = ReadonlyMap<string, number>;

export interface CompareOptions {
  readonly confidence?: number;
  readonly seed?: number | string;
  /** Cluster of an example (same passage, same author); clusters are resampled together. */
  readonly cluster?: (id: string) => string;
  /** From an A/A comparison of one of the two sides, to hold the difference against. */
  readonly noise?: NoiseFloor;
  /** The number of rows depended on the scores, as after a race: only an interval that holds at any time may then be quoted. */
  readonly stoppedEarly?: boolean;
}

/** Two variants, runs or prompt versions on the examples both have. Differences are B minus A, about future rows. */
export interface Comparison {
  readonly rows: number;
  readonly onlyA: number;
  readonly onlyB: number;
  readonly meanA: number;
  readonly meanB: number;
  readonly difference: number;
  /** Rows on which B scored more, less, and the same. */
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** McNemar mid-p with Bonett-Price, or paired bootstrap for scores other than 0 and 1. */
  readonly test: PairTest;
  /** The interval to quote: the test's, or, where the rows depended on the scores, one that holds at any time. */
  readonly interval: Interval;
  readonly stoppedEarly: boolean;
  /** The interval leaves out 0. */
  readonly significant: boolean;
  /** Largest difference that running one side twice would show; undefined when that was not measured. */
  readonly noise?: number;
  readonly bootstrap: { readonly interval: Interval; readonly pValue: number };
  readonly effect: { readonly cohensH: number; readonly oddsRatio: number };
  readonly power: {
    /** Smallest difference that so many rows show in four of five tries. */
    readonly detectable: number;
    /** Rows to show the difference seen in four of five tries; null when there is none. */
    readonly rowsNeeded: number | null;
  };
  readonly explanation: string;
}

/** How much the same variant differs from itself when it is run twice. */
export interface NoiseFloor {
  readonly rows: number;
  /** Share of rows whose score changed. */
  readonly flipRate: number;
  /** Mean difference that two runs of one variant stay within, at the confidence, on so many rows. */
  readonly floor: number;
  readonly explanation: string;
}

/** Compares two sides once. Neither side is looked at repeatedly; for that, race them. */
export function compare(a: Scores, b: Scores, options: CompareOptions = {}): Comparison {
  const alpha = 1 - (options.confidence ?? 0.95);
  const ids = shared(a, b);
  const pair = pairedCounts(differences(a, b, ids));
  const test = testPair(pair, alpha, options.seed ?? 1);
  const bootstrap = bootstrapMean(pair.differences, {
    alpha,
    random: seededRandom("compare", options.seed ?? 1),
    ...(options.cluster === undefined ? {} : { clusters: ids.map(options.cluster) }),
  });
  const meanA = average(a, ids);
  const meanB = average(b, ids);
  const n = Math.max(1, pair.rows);
  const needed = pairedSampleSize(pair.wins / n, pair.losses / n, alpha, 0.8);
  const stoppedEarly = options.stoppedEarly === true;
  const interval = stoppedEarly ? anytimeInterval(pair, alpha) : test.interval;
  const found = {
    rows: pair.rows,
    difference: meanDifference(pair),
    test,
    interval,
    stoppedEarly,
    significant: stoppedEarly ? interval[0] > 0 || interval[1] < 0 : test.pValue < alpha,
    ...(options.noise === undefined ? {} : { noise: floorAt(options.noise, pair.rows) }),
    power: {
      detectable:
        pair.wins + pair.losses === 0 ? 1 / n : detectableDifference((pair.wins + pair.losses) / n, alpha, 0.8, n),
      rowsNeeded: Number.isFinite(needed) ? Math.ceil(needed) : null,
    },
  };
  return {
    ...found,
    onlyA: a.size - pair.rows,
    onlyB: b.size - pair.rows,
    meanA,
    meanB,
    wins: pair.wins,
    losses: pair.losses,
    ties: pair.rows - pair.wins - pair.losses,
    bootstrap: { interval: [bootstrap.lo, bootstrap.hi], pValue: bootstrap.p },
    effect: { cohensH: cohensH(meanB, meanA), oddsRatio: pairedOddsRatio(pair.wins, pair.losses) },
    explanation: explain(found, 1 - alpha),
  };
}

/** An A/A comparison: one variant run twice over the same examples. What it shows is noise, and any A/B gain must exceed it. */
export function noiseFloor(first: Scores, second: Scores, options: { readonly confidence?: number } = {}): NoiseFloor {
  const alpha = 1 - (options.confidence ?? 0.95);
  const ids = shared(first, second);
  const pair = pairedCounts(differences(first, second, ids));
  const test = testPair(pair, alpha, "noise");
  const flipRate = pair.rows === 0 ? 0 : (pair.wins + pair.losses) / pair.rows;
  // Half the width, centred on 0: what no difference at all would look like.
  const floor = (test.interval[1] - test.interval[0]) / 2;
  const drift =
    test.pValue < alpha ? " The second time differs from the first by more than chance: something else changed." : "";
  const text = `Asked twice, ${points.percent(flipRate)} of ${points.rows(pair.rows)} changed their score: a difference of up to ${points.of(floor)} is noise.${drift}`;
  return { rows: pair.rows, flipRate, floor, explanation: text };
}

/** The floor brought to another number of rows: noise shrinks with the root of the rows. */
function floorAt({ rows, floor }: NoiseFloor, other: number): number {
  return other === 0 ? 1 : Math.min(1, floor * Math.sqrt(rows / other));
}

/** What a number of rows can show about future ones, before any is paid for. */
export interface PowerPlan {
  readonly rows: number;
  readonly confidence: number;
  /** Share of tries in which a difference of the size named is shown. */
  readonly power: number;
  /** Share of rows on which two variants are expected to score differently. */
  readonly discordance: number;
  /** Where the discordance was measured; undefined when it is assumed. */
  readonly measuredIn?: string;
  /** Smallest difference that so many rows show; null when not even the largest possible one would. */
  readonly detectable: number | null;
  /** Rows needed to show each difference. */
  readonly needed: readonly { readonly difference: number; readonly rows: number }[];
  readonly explanation: string;
}

/** Share of rows on which two layouts score differently where nothing was measured; 0.04 to 0.21 is usual. */
const usualDiscordance = 0.15;

/**
 * Plans one paired test at the end of `rows` rows. `comparisons` is how many tests share the error (Bonferroni, which Holm
 * never needs more than). It speaks of future rows: which variant is best on the rows at hand is always known once all are
 * done. A difference cannot be larger than the discordance, so a larger `effect` raises it.
 */
export function planPower(options: {
  readonly rows: number;
  readonly discordance?: number;
  readonly measuredIn?: string;
  readonly confidence?: number;
  readonly power?: number;
  readonly comparisons?: number;
  /** A difference to plan for beside the usual ones. */
  readonly effect?: number;
}): PowerPlan {
  const { rows, effect } = options;
  if (effect !== undefined && !(effect > 0 && effect <= 1)) {
    throw new UserError("effect", `An effect of ${effect} is not possible`, "give a difference such as 0.05");
  }
  const confidence = options.confidence ?? 0.95;
  const power = options.power ?? 0.8;
  const alpha = (1 - confidence) / Math.max(1, options.comparisons ?? 1);
  const psi = Math.min(1, Math.max(options.discordance ?? usualDiscordance, effect ?? 0, 0.005));
  const rowsFor = (d: number) => Math.ceil(pairedSampleSize((psi + d) / 2, (psi - d) / 2, alpha, power));
  const gaps = [...new Set([0.01, 0.02, 0.03, 0.05, 0.1, ...(effect === undefined ? [] : [effect])])]
    .filter((d) => d <= psi + 1e-12)
    .sort((a, b) => a - b);
  const detectable = pairedPower(psi, 0, alpha, rows) < power ? null : detectableDifference(psi, alpha, power, rows);
  const plan = { rows, confidence, power, discordance: psi, detectable };
  const wanted = effect === undefined ? undefined : { effect, needed: rowsFor(effect) };
  return {
    ...plan,
    ...(options.measuredIn === undefined ? {} : { measuredIn: options.measuredIn }),
    needed: gaps.map((difference) => ({ difference, rows: rowsFor(difference) })),
    explanation: planned(plan, options.measuredIn, wanted),
  };
}

function planned(
  plan: Pick<PowerPlan, "rows" | "confidence" | "power" | "discordance" | "detectable">,
  measuredIn: string | undefined,
  wanted: { readonly effect: number; readonly needed: number } | undefined,
): string {
  const { rows, confidence, power, discordance, detectable } = plan;
  const often = `${points.percent(power)} of tries (${points.percent(confidence)} confidence)`;
  const seen =
    detectable === null
      ? `${points.rows(rows)} are too few to show any difference between two layouts on future rows in ${often}.`
      : `${points.rows(rows)} show a difference of ${points.of(detectable)} between two layouts on future rows in ${often}.`;
  const source =
    measuredIn === undefined
      ? `Taken for granted: two layouts score differently on ${points.percent(discordance)} of rows, which is usual.`
      : `Two layouts score differently on ${points.percent(discordance)} of rows, as in run ${measuredIn}.`;
  if (wanted === undefined) return `${seen} ${source}`;
  const { effect, needed } = wanted;
  const more = needed - rows;
  const enough = more <= 0 ? "which there are" : `${points.more(more)} than there are`;
  return `${seen} To show ${points.of(effect)} takes ${points.rows(needed)}, ${enough}. ${source}`;
}

function explain(
  c: Pick<Comparison, "rows" | "difference" | "test" | "interval" | "stoppedEarly" | "significant" | "power" | "noise">,
  confidence: number,
): string {
  if (c.rows === 0) return "The two sides have no example in common, so nothing can be said.";
  const way = c.difference > 0 ? "better" : c.difference < 0 ? "worse" : "neither better nor worse";
  const size = c.difference === 0 ? "" : ` by ${points.of(c.difference)}`;
  const [low, high] = c.interval;
  const interval = `${points.percent(confidence)} interval ${signed(low)} to ${signed(high)} points`;
  const range = c.stoppedEarly
    ? `${interval}, good at any stopping point`
    : `${interval}, p = ${pValue(c.test.pValue)}`;
  const start = `On ${points.rows(c.rows)} B is ${way}${size} (${range}).`;
  const verdict = c.significant
    ? " The difference holds for future rows like these."
    : c.stoppedEarly
      ? " That is not significant for future rows: the race asked no more than it needed for its own question."
      : ` That is not significant for future rows: so few can only show a difference of about ${points.of(c.power.detectable)} or more.`;
  const floor =
    c.noise === undefined || c.difference === 0
      ? ""
      : Math.abs(c.difference) <= c.noise
        ? ` Running one side twice differs by as much (noise up to ${points.of(c.noise)}).`
        : ` Running one side twice differs by less (noise up to ${points.of(c.noise)}).`;
  return start + verdict + floor;
}

function signed(x: number): string {
  return `${x < 0 ? "-" : "+"}${Math.abs(x * 100).toFixed(1)}`;
}

function pValue(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

function shared(a: Scores, b: Scores): string[] {
  return [...a.keys()].filter((id) => b.has(id)).sort();
}

function differences(a: Scores, b: Scores, ids: readonly string[]): Float64Array {
  return Float64Array.from(ids, (id) => (b.get(id) as number) - (a.get(id) as number));
}

function average(scores: Scores, ids: readonly string[]): number {
  return ids.length === 0 ? 0 : ids.reduce((sum, id) => sum + (scores.get(id) as number), 0) / ids.length;
}
