import { alternatives, normalised } from "../metrics/scorers/text.ts";
import { cohensKappa } from "../stats/effectSize.ts";
import { normalQuantile } from "../stats/normal.ts";
import { wilson } from "../stats/proportion.ts";
import { judgeVariant, type RequestStats, type RunRecord, type Store, type VariantAggregate } from "../store/store.ts";

/** What judging took, and how far the judges can be relied on. */
export interface JudgingReport {
  /** Calls to judges; what was known from earlier took none. */
  readonly calls: number;
  readonly tokens: { readonly prompt: number; readonly completion: number };
  /** US dollars; null when the price is unknown. */
  readonly cost: number | null;
  readonly judges: readonly JudgeReport[];
}

export interface JudgeReport {
  /** Name of the scorer. */
  readonly name: string;
  readonly judged: number;
  /** Answers it gave no score, though asked twice: their rows count for no layout. */
  readonly unscored: number;
  /** Against the right answers; null where rows have none. */
  readonly agreement: JudgeAgreement | null;
  /**
   * Mean score of the first half of a call minus that of the second. Places are drawn, so without an effect of place this is 0.
   * Null with fewer than 20 judged in company.
   */
  readonly place: { readonly difference: number; readonly interval: readonly [number, number] } | null;
}

/** How a judge's verdict, good from half of its scale on, goes with whether the answer is exactly the expected one. */
export interface JudgeAgreement {
  readonly rows: number;
  /** Share of answers on which both say the same. */
  readonly accuracy: number;
  readonly accuracyInterval: readonly [number, number];
  /** Cohen's kappa: the agreement beyond chance. */
  readonly kappa: number;
  readonly kappaInterval: readonly [number, number];
}

interface Tally {
  readonly rows: Set<number>;
  readonly gold: number[];
  readonly said: number[];
  readonly early: number[];
  readonly late: number[];
  judged: number;
  unscored: number;
}

/**
 * Reads a run's judged trials. Several layouts answer one row, and such answers are alike: the intervals count a row once, which makes
 * them rather too wide. Undefined where nobody judged.
 */
export async function judgingReport(
  store: Store,
  record: RunRecord,
  totals: readonly VariantAggregate[],
  stats: RequestStats,
  alpha: number,
): Promise<JudgingReport | undefined> {
  const tallies = new Map<string, Tally>();
  const [primary] = record.scorers;
  if (!record.scorers.some((name) => /^judge(?: #\d+)?$/.test(name))) return undefined;
  for await (const { notes, score, scores, position, prediction, expected } of store.trials.each({ run: record.id })) {
    for (const [name, note] of Object.entries(notes ?? {})) {
      if (!/^judge(?: #\d+)?$/.test(name)) continue;
      const tally = tallies.get(name) ?? emptyTally();
      tallies.set(name, tally);
      const value = name === primary ? score : scores[name];
      if (note.kind !== "judged" || value === undefined) {
        tally.unscored += 1;
        continue;
      }
      tally.judged += 1;
      if (note.place !== undefined && note.place[1] > 1)
        (note.place[0] < note.place[1] / 2 ? tally.early : tally.late).push(value);
      if (expected === undefined || prediction === undefined) continue;
      tally.rows.add(position);
      tally.gold.push(alternatives(expected).some((one) => normalised(one) === normalised(prediction)) ? 1 : 0);
      tally.said.push(value >= 0.5 ? 1 : 0);
    }
  }
  const spent = totals.find(({ variant }) => variant === judgeVariant);
  const asked = stats.byTaskType.find(({ taskType }) => taskType === "judge");
  return {
    calls: (asked?.completed ?? 0) + (asked?.failed ?? 0),
    tokens: { prompt: spent?.promptTokens ?? 0, completion: spent?.completionTokens ?? 0 },
    cost: spent === undefined ? 0 : (spent.cost ?? null),
    judges: [...tallies].map(([name, tally]) => ({
      name,
      judged: tally.judged,
      unscored: tally.unscored,
      agreement: agreementOf(tally, alpha),
      place: placeEffect(tally, alpha),
    })),
  };
}

function emptyTally(): Tally {
  return { rows: new Set(), gold: [], said: [], early: [], late: [], judged: 0, unscored: 0 };
}

function agreementOf({ rows, gold, said }: Tally, alpha: number): JudgeAgreement | null {
  const n = rows.size;
  if (n === 0) return null;
  const same = gold.filter((right, i) => right === said[i]).length / gold.length;
  const kappa = cohensKappa(gold, said);
  // Agreement by chance, from kappa's own definition; where it is certain, kappa is 1 without a doubt.
  const chance = kappa === 1 ? 0 : (same - kappa) / (1 - kappa);
  const half = (normalQuantile(1 - alpha / 2) * Math.sqrt((same * (1 - same)) / n)) / (1 - chance);
  return {
    rows: n,
    accuracy: same,
    accuracyInterval: wilson(same * n, n, alpha),
    kappa,
    kappaInterval: [Math.max(-1, kappa - half), Math.min(1, kappa + half)],
  };
}

function placeEffect({ early, late }: Tally, alpha: number): JudgeReport["place"] {
  if (Math.min(early.length, late.length) < 10) return null;
  const [first, second] = [momentsOf(early), momentsOf(late)];
  const difference = first.mean - second.mean;
  const half = normalQuantile(1 - alpha / 2) * Math.sqrt(first.variance / early.length + second.variance / late.length);
  return { difference, interval: [difference - half, difference + half] };
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) };
}

/** A sentence a judge, for reports. */
export function judgeSentences(report: JudgingReport): readonly string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const points = (difference: number) => `${difference > 0 ? "+" : ""}${(100 * difference).toFixed(1)}`;
  return report.judges.map(({ name, judged, unscored, agreement, place }) =>
    [
      `${name} judged ${judged} ${judged === 1 ? "answer" : "answers"}${unscored === 0 ? "" : ` and could not judge ${unscored}`}.`,
      ...(agreement === null
        ? []
        : [
            `It agrees with exact match on ${percent(agreement.accuracy)} [${percent(agreement.accuracyInterval[0])}, ${percent(agreement.accuracyInterval[1])}], kappa ${agreement.kappa.toFixed(2)} [${agreement.kappaInterval.map((end) => end.toFixed(2)).join(", ")}], over ${agreement.rows} rows.`,
          ]),
      ...(place === null
        ? []
        : [
            `First half of a call against the second: ${points(place.difference)} points [${place.interval.map(points).join(", ")}].`,
          ]),
    ].join(" "),
  );
}
