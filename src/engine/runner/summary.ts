import type { Alert } from "../analysis/alerts.ts";
import type { Collapse } from "../analysis/collapse.ts";
import { judgingReport } from "../analysis/judging.ts";
import { otherScores } from "../analysis/otherScores.ts";
import { prefixFigures } from "../analysis/prefix.ts";
import { storedEnsembles } from "../analysis/storedEnsembles.ts";
import { missingWarning } from "../decide/missing.ts";
import { agreeModels, type ModelResult, modelResult } from "../decide/models.ts";
import type { Sampler, Verdict } from "../decide/sampler.ts";
import type { LayoutMetrics } from "../layout/layout.ts";
import { runMetrics, spread } from "../metrics/runMetrics.ts";
import type { Price } from "../plan/prices.ts";
import type { QueueStats } from "../queue/queue.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { RequestCounts, RunRecord, RunStatus, Store, VariantAggregate, VariantRecord } from "../store/store.ts";
import type { RunSummary, VariantSummary } from "./events.ts";
import { measureNoise } from "./noise.ts";
import { exploratory, ordered, overallVerdict } from "./overallVerdict.ts";
import { shortName } from "./samplers.ts";

/** A race as the summary needs it: who took part and what was decided. */
export interface DecidedRace {
  readonly model: string;
  readonly variants: readonly VariantRecord[];
  readonly sampler: Sampler;
}

export interface SummaryInput {
  readonly record: RunRecord;
  readonly status: RunStatus;
  readonly stopped: RunSummary["stopped"];
  readonly durationMs: number;
  readonly races: readonly DecidedRace[];
  readonly layoutMetrics: readonly LayoutMetrics[];
  readonly requests: RequestCounts;
  readonly queue: QueueStats;
  readonly notes: readonly string[];
  readonly alerts?: readonly Alert[];
}

/** Puts the stored figures and the decisions together: what panels, the command line and every export show. */
export async function summarise(store: Store, input: SummaryInput): Promise<RunSummary> {
  const { record } = input;
  const totals = await store.trials.aggregates(record.id);
  const aggregates = new Map(totals.map((one) => [one.variant, one]));
  const measures = await store.requests.measures(record.id);
  const exploring = exploratoryModels(record);
  const inOrder = record.settings["conversation"] === "rolling";
  const races = input.races
    .map((race) => (exploring.includes(race.model) ? saidOf(race, exploratory) : race))
    .map((race) => (inOrder ? saidOf(race, ordered) : race));
  const verdicts = races.map((race) => ({ model: race.model, verdict: race.sampler.verdict() }));
  const prices = fromJson<Record<string, Price>>(record, "prices", {});
  // Every trial is read for them: not while the run goes on.
  const others = input.status === "running" ? undefined : await otherScores(store, record);
  const variants = input.races.flatMap((race) => {
    const states = race.sampler.variants();
    return race.variants.map((variant, i): VariantSummary => {
      const state = states[i];
      const metrics = input.layoutMetrics[variant.index];
      if (state === undefined || metrics === undefined) throw new Error(`no figures for ${variant.id}`);
      return {
        id: variant.id,
        layout: variant.layout,
        model: variant.model,
        parameters: variant.parameters,
        trials: state.trials,
        correct: state.correct,
        accuracy: state.accuracy,
        interval: state.interval,
        status: state.status,
        reason: state.reason,
        ...(exploring.includes(variant.model) ? { exploratory: true } : {}),
        ...tally(aggregates.get(variant.index)),
        ...scoresOf(others?.get(variant.index)),
        latency: latencyOf(measures.calls.get(variant.index)?.latencyMs),
        layoutMetrics: metrics,
        prefix: prefixFigures(
          metrics,
          aggregates.get(variant.index),
          prices[variant.model],
          Number(record.settings["answerTokens"] ?? 0),
        ),
      };
    });
  });
  const verdict = overallVerdict(races);
  const noise = await measureNoise(store, record, verdict.confidence);
  const stats = await store.requests.stats({ run: record.id });
  const judging =
    input.status === "running" ? undefined : await judgingReport(store, record, totals, stats, 1 - verdict.confidence);
  return {
    schema: "layoutlab/run@1",
    run: record.id,
    name: record.name,
    file: record.file,
    createdAt: new Date(record.createdAt).toISOString(),
    durationMs: Math.round(input.durationMs),
    status: input.status,
    verdict,
    verdicts: verdicts.length > 1 ? verdicts : [],
    ...agreement(input),
    ...(noise.length > 0 ? { noise } : {}),
    examples: record.order.length,
    variants,
    ...(await ensembles(store, input)),
    ...(judging === undefined ? {} : { judging }),
    requests: input.requests,
    queue: input.queue,
    metrics: runMetrics(
      {
        variants: record.variants,
        measures,
        stats,
        aggregates: totals,
      },
      prices,
    ),
    stopped: input.stopped,
    alerts: input.alerts ?? [],
    notes: [
      ...input.notes,
      ...joinNotes(input.races),
      ...voidNotes(totals, record.variants),
      ...(await unscoredNote(store, record, totals)),
      ...(input.status === "running" ? [] : await threwNote(store, record)),
    ],
  };
}

/**
 * What the models say together. Exploratory models are left out, and of layouts that are the same prompt to a model only the
 * first stands for it: counting one answer several times would pass for agreement.
 */
function agreement({ record, races }: SummaryInput): Pick<RunSummary, "models"> {
  const exploring = exploratoryModels(record);
  const standsFor = new Map(
    fromJson<readonly Collapse[]>(record, "collapses", []).flatMap(({ variants: [first, ...rest] }) =>
      first === undefined ? [] : rest.map((id) => [id, first] as const),
    ),
  );
  const pooled = races.filter(({ model }) => !exploring.includes(model));
  return pooled.length < 2 ? {} : { models: agreeModels(pooled.map((race) => resultOf(race, standsFor))) };
}

/** Models whose provider adds its own text to prompts. */
function exploratoryModels(record: RunRecord): readonly string[] {
  return fromJson<readonly string[]>(record, "exploratory", []);
}

/** The race with what its verdict is worth said in it. */
function saidOf(
  { model, sampler }: { readonly model: string; readonly sampler: Pick<Sampler, "verdict" | "variants"> },
  say: (verdict: Verdict) => Verdict,
): { readonly model: string; readonly sampler: Pick<Sampler, "verdict" | "variants"> } {
  return { model, sampler: { verdict: () => say(sampler.verdict()), variants: () => sampler.variants() } };
}

function resultOf({ model, sampler, variants }: DecidedRace, standsFor: ReadonlyMap<string, string>): ModelResult {
  const names = new Map(variants.map((variant) => [variant.id, shortName(variant)]));
  const nameOf = (id: string) => names.get(id) ?? id;
  const result = modelResult(model, sampler.verdict(), sampler.variants(), nameOf);
  const doubled = new Map([...standsFor].map(([id, first]) => [nameOf(id), nameOf(first)]));
  return {
    ...result,
    winner: result.winner === null ? null : (doubled.get(result.winner) ?? result.winner),
    means: Object.fromEntries(Object.entries(result.means).filter(([name]) => !doubled.has(name))),
  };
}

function fromJson<T>(record: RunRecord, setting: string, otherwise: T): T {
  const stored = record.settings[setting];
  return typeof stored === "string" ? (JSON.parse(stored) as T) : otherwise;
}

function scoresOf(scores: Readonly<Record<string, number>> | undefined): Pick<VariantSummary, "scores"> {
  return scores === undefined ? {} : { scores };
}

async function ensembles(store: Store, { record, status }: SummaryInput): Promise<Pick<RunSummary, "ensembles">> {
  const asked = (JSON.parse(record.experiment) as Partial<Experiment>).ensemble ?? [];
  // A flag may have left some of the layouts out.
  const possible = asked.filter(({ layouts }) =>
    layouts.every((layout) => record.variants.some((variant) => variant.layout === layout)),
  );
  return status === "running" || possible.length === 0
    ? {}
    : { ensembles: await storedEnsembles(store, record, possible) };
}

/** A layout that was made from answers of this run has seen what it is judged by; only its author can know that. */
function joinNotes(races: readonly DecidedRace[]): string[] {
  const late = races.flatMap(({ sampler }) =>
    sampler.decisions().filter(({ kind, row }) => kind === "joined" && row > 0),
  );
  return late.map(
    ({ variant, row }) =>
      `${variant} joined after ${row} rows and answered those first. If it was written with their answers in view, judge it on other rows.`,
  );
}

/** The first row that an expected query, a database or a judge kept from being scored. */
async function unscoredNote(
  store: Store,
  { id, scorers }: RunRecord,
  totals: readonly VariantAggregate[],
): Promise<string[]> {
  const slow = scorers.some((name) => /^(?:sql|judge)(?: #\d+)?$/.test(name));
  if (!slow || totals.every((one) => one.void === 0)) return [];
  const { rows } = await store.trials.page({ run: id, states: ["void"] }, "position", false, 100);
  for (const { exampleId, notes } of rows) {
    const found = Object.values(notes ?? {}).find(({ kind }) => kind === "unscored");
    if (found !== undefined) return [`Example ${exampleId} could not be scored: ${found.detail}.`];
  }
  return [];
}

/** A script that fails scores 0, which looks like a wrong answer: whoever wrote it wants to know. */
async function threwNote(store: Store, { id, scorers }: RunRecord): Promise<string[]> {
  if (!scorers.some((name) => /^script(?: #\d+)?$/.test(name))) return [];
  let failed = 0;
  let first = "";
  for await (const { notes } of store.trials.each({ run: id })) {
    const threw = Object.values(notes ?? {}).find(({ kind }) => kind === "threw");
    if (threw === undefined) continue;
    if (failed === 0) first = threw.detail ?? "";
    failed += 1;
  }
  return failed === 0
    ? []
    : [
        `The script failed on ${failed} ${failed === 1 ? "answer, which scores" : "answers, which score"} 0 by it: ${first}.`,
      ];
}

function voidNotes(totals: readonly VariantAggregate[], variants: RunRecord["variants"]): string[] {
  const lost = totals.reduce((sum, one) => sum + one.void, 0);
  if (lost === 0) return [];
  // A model's race is its own: what fails for another model leaves no row out of it.
  const warnings = [...new Set(variants.map(({ model }) => model))].flatMap((model) => {
    const own = variants.filter((variant) => variant.model === model);
    const missing = own.flatMap(({ id, index }) => {
      const total = totals.find((one) => one.variant === index);
      return total === undefined ? [] : [{ name: id, missing: total.void, tried: total.trials }];
    });
    return missingWarning(missing) ?? [];
  });
  const note = `${lost} ${lost === 1 ? "trial" : "trials"} could not be had (provider down, or the prompt did not fit): ${lost === 1 ? "its row counts" : "their rows count"} for no layout.`;
  return [note, ...warnings];
}

function tally(
  totals: VariantAggregate | undefined,
): Pick<VariantSummary, "unparsable" | "failed" | "tokens" | "tokensPerCorrect" | "cost"> {
  if (totals === undefined) {
    return {
      unparsable: 0,
      failed: 0,
      tokens: { prompt: 0, completion: 0, cached: 0 },
      tokensPerCorrect: null,
      cost: 0,
    };
  }
  const { promptTokens, completionTokens, cachedTokens, scoreSum } = totals;
  return {
    unparsable: totals.unparsable,
    failed: totals.failed,
    tokens: { prompt: promptTokens, completion: completionTokens, cached: cachedTokens },
    // A ratio of sums; the mean of ratios would be undefined for every wrong answer.
    tokensPerCorrect: scoreSum > 0 ? (promptTokens + completionTokens) / scoreSum : null,
    cost: totals.cost ?? null,
  };
}

function latencyOf(values: Float64Array | undefined): VariantSummary["latency"] {
  const times = spread(values === undefined ? [] : [values]);
  return times && { p50: times.p50, p95: times.p95 };
}
