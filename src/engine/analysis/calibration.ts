import { seededRandom } from "../../base/random.ts";
import { binnedCalibration, brier, type CalibrationBin, logLoss, massBins } from "../stats/calibration.ts";
import { fitTemperature, scaleConfidence } from "../stats/temperature.ts";
import type { VariantRecord } from "../store/store.ts";
import { noPause } from "./pause.ts";
import { type RunTable, scored } from "./runTable.ts";
import { variantGroups } from "./variantGroups.ts";

/**
 * Where a confidence comes from: the model said it, its tokens' probabilities give it, a recorded file had it, or it is the share
 * of the layouts of one model that gave the same answer.
 */
export type ConfidenceSource = "stated" | "tokens" | "recorded" | "agreement";

/** How far a variant's confidence can be believed. */
export interface VariantCalibration {
  readonly variant: string;
  readonly source: ConfidenceSource;
  /** Answers that have a confidence and a score; the rest are left out. */
  readonly rows: number;
  /** Share of this variant's scored answers that have one. */
  readonly covered: number;
  readonly accuracy: number;
  readonly meanConfidence: number;
  /** Null with fewer than 100 rows: no calibration can be told from so few. */
  readonly figures: CalibrationFigures | null;
  readonly explanation: string;
}

export interface CalibrationFigures {
  /** Expected calibration error over bins of equal size, with its bootstrap interval over rows. */
  readonly ece: number;
  readonly eceInterval: readonly [number, number];
  readonly brier: number;
  readonly bins: readonly CalibrationBin[];
  /** After temperature scaling, each row by a temperature fitted on the other rows. */
  readonly scaled: {
    /** Fitted on all rows, for use elsewhere: above 1 the model is too sure, below 1 not sure enough. */
    readonly temperature: number;
    readonly ece: number;
    readonly brier: number;
    readonly logLoss: number;
    readonly bins: readonly CalibrationBin[];
  };
  readonly logLoss: number;
}

/** `layoutlab/calibration@1`. */
export interface CalibrationReport {
  readonly schema: "layoutlab/calibration@1";
  readonly run: string;
  readonly confidence: number;
  readonly variants: readonly VariantCalibration[];
}

const fewestRows = 100;
const folds = 5;
/** Row draws of a bootstrap in all; more rows, fewer resamples. */
const mostDraws = 2e6;
/** A temperature is one number: more rows than this do not change it. */
const mostFitted = 4000;

/** Calibration of every variant, by every confidence that its answers have. */
export async function calibration(run: string, table: RunTable, pause = noPause): Promise<CalibrationReport> {
  const wanted = [
    ...table.variants.map((variant) => ({
      variant,
      source: ownSource(table, variant),
      pairs: () => own(table, variant),
    })),
    ...variantGroups(table).flatMap((group) =>
      group.length < 3
        ? []
        : group.map((variant) => ({
            variant,
            source: "agreement" as const,
            pairs: () => agreement(table, variant, group),
          })),
    ),
  ];
  const variants: VariantCalibration[] = [];
  for (const { variant, source, pairs } of wanted) {
    variants.push(...calibrate(table, variant, source, pairs()));
    await pause();
  }
  return { schema: "layoutlab/calibration@1", run, confidence: 1 - table.alpha, variants };
}

function ownSource({ asksConfidence }: RunTable, { model }: VariantRecord): ConfidenceSource {
  if (asksConfidence) return "stated";
  return model.startsWith("replay:") ? "recorded" : "tokens";
}

interface Pairs {
  readonly confidence: number[];
  readonly correct: number[];
  readonly answers: number;
}

function own({ columns, firsts }: RunTable, { index }: VariantRecord): Pairs {
  const out: Pairs & { answers: number } = { confidence: [], correct: [], answers: 0 };
  for (const at of firsts[index] ?? []) {
    if (at < 0 || columns.state[at] !== scored) continue;
    out.answers += 1;
    const confidence = columns.confidence[at] as number;
    if (Number.isNaN(confidence)) continue;
    out.confidence.push(confidence);
    out.correct.push(columns.score[at] as number);
  }
  return out;
}

/** The share of the group's layouts that gave this answer, on rows that all of them answered. */
function agreement({ columns, firsts }: RunTable, { index }: VariantRecord, group: readonly VariantRecord[]): Pairs {
  const out: Pairs & { answers: number } = { confidence: [], correct: [], answers: 0 };
  firsts[index]?.forEach((at, position) => {
    if (at < 0 || columns.state[at] !== scored) return;
    out.answers += 1;
    const prediction = columns.prediction[at] as number;
    let same = 0;
    for (const member of group) {
      const other = firsts[member.index]?.[position] ?? -1;
      if (other < 0) return;
      if (columns.prediction[other] === prediction) same += 1;
    }
    if (prediction < 0) return;
    out.confidence.push(same / group.length);
    out.correct.push(columns.score[at] as number);
  });
  return out;
}

function calibrate(
  { alpha }: RunTable,
  { id }: VariantRecord,
  source: ConfidenceSource,
  { confidence, correct, answers }: Pairs,
): VariantCalibration[] {
  const rows = confidence.length;
  if (rows === 0) return [];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / rows;
  const base = {
    variant: id,
    source,
    rows,
    covered: rows / Math.max(1, answers),
    accuracy: mean(correct),
    meanConfidence: mean(confidence),
  };
  if (rows < fewestRows) {
    const explanation = `${rows} answers with a confidence are too few to judge it; it takes ${fewestRows}.`;
    return [{ ...base, figures: null, explanation }];
  }
  const figures = figuresOf(confidence, correct, alpha, `${id} ${source}`);
  return [{ ...base, figures, explanation: explain(base, figures) }];
}

function figuresOf(
  confidence: readonly number[],
  correct: readonly number[],
  alpha: number,
  seed: string,
): CalibrationFigures {
  const rows = confidence.length;
  const draws = Math.round(Math.min(1000, Math.max(200, mostDraws / rows)));
  const options = { alpha, draws, random: seededRandom("calibration", seed) };
  const before = binnedCalibration(confidence, correct, massBins(confidence), options);
  // Rows are asked in a random order, so taking turns is a random split.
  const temperatures = Array.from({ length: folds }, (_, fold) =>
    fitOn(confidence, correct, (i) => i % folds !== fold),
  );
  const scaled = confidence.map((c, i) => scaleConfidence(c, temperatures[i % folds] ?? 1));
  const after = binnedCalibration(scaled, correct, massBins(scaled), { ...options, draws: 1 });
  return {
    ece: before.ece,
    eceInterval: before.interval,
    brier: brier(confidence, correct),
    logLoss: logLoss(confidence, correct),
    bins: before.bins,
    scaled: {
      temperature: fitOn(confidence, correct, () => true),
      ece: after.ece,
      brier: brier(scaled, correct),
      logLoss: logLoss(scaled, correct),
      bins: after.bins,
    },
  };
}

function fitOn(confidence: readonly number[], correct: readonly number[], takes: (i: number) => boolean): number {
  const picked = confidence.flatMap((_, i) => (takes(i) ? [i] : []));
  const step = Math.max(1, Math.ceil(picked.length / mostFitted));
  const some = picked.filter((_, k) => k % step === 0);
  // A confidence of 0 or 1 is a word, not a certainty: taken as said, one wrong answer would decide the fit.
  const within = (c: number) => Math.min(0.999, Math.max(0.001, c));
  return fitTemperature(
    some.map((i) => within(confidence[i] as number)),
    some.map((i) => correct[i] as number),
  ).T;
}

function explain(
  { accuracy, meanConfidence }: Pick<VariantCalibration, "accuracy" | "meanConfidence">,
  { ece, eceInterval, scaled, brier: before }: CalibrationFigures,
): string {
  const points = (value: number) => `${(100 * value).toFixed(1)} points`;
  const gap = meanConfidence - accuracy;
  const sure =
    Math.abs(gap) < 0.02
      ? "It is about as sure as it is right"
      : gap > 0
        ? `It is too sure by ${points(gap)}`
        : `It is less sure than it is right, by ${points(-gap)}`;
  const error = `its confidence is off by ${points(ece)} on average (${points(eceInterval[0])} to ${points(eceInterval[1])})`;
  const better = scaled.brier < before - 0.001;
  const helps =
    better && scaled.ece < ece - 0.002
      ? `A temperature of ${scaled.temperature.toFixed(2)} brings that to ${points(scaled.ece)}.`
      : better
        ? `A temperature of ${scaled.temperature.toFixed(2)} improves its Brier score from ${before.toFixed(3)} to ${scaled.brier.toFixed(3)}, not that error.`
        : "Temperature scaling does not help it.";
  return `${sure}; ${error}. ${helps}`;
}
