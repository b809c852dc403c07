import { meanDifference, pairedCounts } from "../decide/paired.ts";
import { testPair } from "../decide/pairTest.ts";
import type { Interval } from "../decide/sampler.ts";
import { type CostUnit, count, listed, money, points } from "../decide/words.ts";
import { holm } from "../stats/multiple.ts";
import { wilson } from "../stats/proportion.ts";
import type { AnswerRow } from "./answers.ts";
import { type Combine, combinedScores, fewestRowsToStack } from "./combine.ts";
import { signed } from "./words.ts";

/** Members and their answers on the rows that all of them have. */
export interface Ensemble {
  readonly model: string;
  /** Names of the members; a tie goes to the first of those concerned. */
  readonly members: readonly string[];
  readonly combine: Combine;
  readonly rows: readonly AnswerRow[];
  /** What 1,000 rows of each member cost; undefined when it is not known. */
  readonly costs: { readonly unit: CostUnit; readonly perThousand: readonly number[] } | undefined;
}

/** What combining layouts is worth, held against the best of them alone on the same rows. */
export interface EnsembleReport {
  readonly model: string;
  readonly members: readonly { readonly name: string; readonly accuracy: number }[];
  readonly combine: Combine;
  readonly rows: number;
  /** The best member on these rows; being the best of several flatters it a little, which is the careful side here. */
  readonly best: string;
  readonly bestAccuracy: number;
  readonly accuracy: number;
  readonly interval: Interval;
  /** Combined minus best member. */
  readonly gain: number;
  readonly gainInterval: Interval;
  /** Two-sided, Holm-corrected over the ensembles that were judged together. */
  readonly pValue: number;
  /** Share of rows on which some member is right: no way of combining them can do better. */
  readonly ceiling: number;
  readonly cost: {
    readonly unit: CostUnit;
    /** Of 1,000 rows, beyond the best member's own. */
    readonly extra: number;
    /** Null without a gain. */
    readonly perExtraCorrect: number | null;
  } | null;
  /** True when the gain is shown, not merely seen. */
  readonly pays: boolean;
  readonly explanation: string;
}

/** Judges ensembles of one run together, so that trying many does not make one look good. */
export function judgeEnsembles(ensembles: readonly Ensemble[], confidence = 0.95): readonly EnsembleReport[] {
  const alpha = 1 - confidence;
  const judged = ensembles.map((ensemble) => judge(ensemble, alpha));
  const corrected = holm(judged.map(({ pValue }) => pValue));
  return judged.map((one, i) => {
    const pValue = corrected[i] ?? 1;
    const pays = one.gain > 0 && pValue < alpha && one.problem === undefined;
    const report = { ...one.report, pValue, pays };
    return { ...report, explanation: one.problem ?? explain(report, confidence) };
  });
}

function judge(ensemble: Ensemble, alpha: number) {
  const { model, members, combine, rows, costs } = ensemble;
  const problem = problemOf(ensemble);
  const accuracies = members.map((_, member) => mean(rows.map((answers) => answers[member]?.score ?? 0)));
  const best = accuracies.indexOf(Math.max(...accuracies));
  const alone = rows.map((answers) => answers[best]?.score ?? 0);
  const scores = problem === undefined ? combinedScores(rows, members.length, combine) : Float64Array.from(alone);
  const pair = pairedCounts(scores.map((score, row) => score - (alone[row] ?? 0)));
  const test = testPair(pair, alpha, "ensemble");
  const gain = meanDifference(pair);
  const correct = scores.reduce((sum, score) => sum + score, 0);
  const extra =
    costs === undefined
      ? undefined
      : costs.perThousand.reduce((sum, cost) => sum + cost, 0) - (costs.perThousand[best] ?? 0);
  return {
    problem,
    gain,
    pValue: test.pValue,
    report: {
      model,
      members: members.map((name, member) => ({ name, accuracy: accuracies[member] ?? 0 })),
      combine,
      rows: rows.length,
      best: members[best] ?? "",
      bestAccuracy: accuracies[best] ?? 0,
      accuracy: rows.length === 0 ? 0 : correct / rows.length,
      interval: wilson(correct, rows.length, alpha),
      gain,
      gainInterval: test.interval,
      ceiling: mean(rows.map((answers) => Math.max(...answers.map((answer) => answer.score)))),
      cost:
        costs === undefined || extra === undefined
          ? null
          : { unit: costs.unit, extra, perExtraCorrect: gain > 0 ? extra / (1000 * gain) : null },
    },
  };
}

/** Why these answers cannot be combined this way. */
function problemOf({ members, combine, rows }: Ensemble): string | undefined {
  const named = `${combine} of ${listed(members)}`;
  if (rows.length === 0) return `${named}: no row has an answer of every one of them.`;
  if (combine === "stacked" && rows.length < fewestRowsToStack) {
    return `${named}: weights need at least ${fewestRowsToStack} rows that all of them answered, and there ${rows.length === 1 ? "is" : "are"} ${rows.length}.`;
  }
  if (combine === "confidence" && !rows.some((answers) => answers.some(({ confidence }) => confidence !== undefined))) {
    return `${named}: no answer came with a confidence; ask for it with prompt.output.confidence: true.`;
  }
  return undefined;
}

function explain(report: Omit<EnsembleReport, "explanation">, confidence: number): string {
  const { members, combine, rows, gain, gainInterval, pValue, cost, pays } = report;
  const [low, high] = gainInterval;
  const size = gain === 0 ? "no more and no less" : `${points.of(gain)} ${gain > 0 ? "more" : "less"}`;
  const head =
    `${combine} of ${listed(members.map(({ name }) => name))}: ${points.percent(report.accuracy)} on ${points.rows(rows)}, ` +
    `${size} than ${report.best} alone (${points.percent(confidence)} interval ${signed(low)} to ${signed(high)} points, p = ${pText(pValue)}).`;
  const calls = `${count(members.length)} calls a row instead of one`;
  const price =
    cost === null
      ? calls
      : `${calls}, ${money(cost.extra, cost.unit)} more for 1,000 rows${
          cost.perExtraCorrect === null ? "" : `, ${money(cost.perExtraCorrect, cost.unit)} per extra correct answer`
        }`;
  const shown = high < 0 ? "it is worse" : "no gain is shown";
  const worth = pays ? `It is better, at ${price}.` : `It does not pay: ${shown}, at ${price}.`;
  return `${head} ${worth} Some member is right on ${points.percent(report.ceiling)} of rows; no combination can exceed that.`;
}

function pText(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
