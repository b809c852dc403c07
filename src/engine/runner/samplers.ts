import { openSampler } from "../decide/open.ts";
import type { Axis, SamplerOptions } from "../decide/options.ts";
import type { Sampler } from "../decide/sampler.ts";
import type { CostUnit } from "../decide/words.ts";
import type { LayoutMetrics } from "../layout/layout.ts";
import { costOf, isFree, type Price, servedFromCache } from "../plan/prices.ts";
import type { Variant } from "../plan/variants.ts";
import type { Experiment, SamplingMode, Scalar } from "../spec/experiment.ts";
import type { RunRecord, Store } from "../store/store.ts";

/** What one model's race is opened with; stored with the run, so that it can be decided again without its file. */
export function samplerOptions(
  experiment: Experiment,
  variants: readonly Variant[],
  rows: number,
  costs: readonly (number | undefined)[],
  costUnit: CostUnit,
): SamplerOptions {
  const { sampling, stopping } = experiment;
  const mode = runMode(experiment);
  const racing = mode === "adaptive" || mode === "bayes";
  const baseline = variants.find((variant) => variant.layout === sampling.baseline);
  return {
    mode,
    rows,
    candidates: variants.map((variant, i) => {
      const cost = costs[i];
      return { id: variant.id, name: shortName(variant), ...(cost === undefined ? {} : { cost }) };
    }),
    costUnit,
    ...(new Set(variants.map((variant) => variant.layout)).size < variants.length ? { noun: "variant" } : {}),
    confidence: sampling.confidence,
    equivalence: sampling.equivalence,
    seed: sampling.seed,
    strict: sampling.strict,
    stopWhenEquivalent: sampling.stopWhenEquivalent,
    initial: sampling.initial,
    ...(sampling.budget === undefined ? {} : { budget: sampling.budget }),
    ...(racing ? { scope: sampling.scope } : {}),
    ...(sampling.max === undefined ? {} : racing ? { maxRows: sampling.max } : { max: sampling.max }),
    ...(sampling.objective === "cheaper" && baseline !== undefined
      ? { objective: "cheaper", baseline: baseline.id }
      : {}),
    ...(stopping.rule === "patience"
      ? { patience: { patience: stopping.patience, threshold: stopping.threshold } }
      : {}),
    ...(mode === "bayes" ? { axes: axesOf(variants) } : {}),
  };
}

/** A variant as a sentence about one model calls it: its layout, with the parameters that vary in brackets. */
export function shortName({ id, layout, model }: Pick<Variant, "id" | "layout" | "model">): string {
  const prefix = `${layout}/${model}/`;
  return id.startsWith(prefix) ? `${layout} (${id.slice(prefix.length).replaceAll(",", ", ")})` : layout;
}

/** Without a rule of its own the adaptive mode asks every trial, and patience is a rule over a full run. */
function runMode({ sampling, stopping }: Experiment): SamplingMode {
  return sampling.mode === "adaptive" && stopping.rule !== "sequential" ? "full" : sampling.mode;
}

/** The mode that asks every trial which a run of it may come to. */
export function gridMode(experiment: Experiment): "full" | "fixed" {
  return runMode(experiment) === "full" || experiment.sampling.max === undefined ? "full" : "fixed";
}

/** Most of so many rows that a run of it asks about. */
export function mostRows(experiment: Experiment, rows: number): number {
  return gridMode(experiment) === "full" ? rows : Math.min(rows, experiment.sampling.max ?? rows);
}

/** The layout and every parameter that varies, as dimensions to search. */
function axesOf(variants: readonly Variant[]): readonly Axis[] {
  const [first] = variants;
  if (first === undefined) return [];
  const axes: Axis[] = [{ name: "layout", kind: "category", values: variants.map((variant) => variant.layout) }];
  for (const name of Object.keys(first.parameters)) {
    const values = variants.map((variant) => variant.parameters[name] as Scalar);
    if (new Set(values).size < 2) continue;
    axes.push({ name, kind: values.every((value) => typeof value === "number") ? "number" : "category", values });
  }
  return axes;
}

/** What `expectedCost` counts in. */
export function costUnitOf(price: Price | undefined): CostUnit {
  return price === undefined || isFree(price) ? "promptTokens" : "dollars";
}

/**
 * Cost of 1,000 calls in US dollars with the provider's prefix cache warm, or their prompt tokens where a call is free or its
 * price unknown. It breaks ties, and carries "not worse, and cheaper by so much".
 */
export function expectedCost(price: Price | undefined, metrics: LayoutMetrics, answerTokens: number): number {
  if (price === undefined || isFree(price)) return 1000 * metrics.promptTokens;
  const cached = servedFromCache(metrics.cacheablePrefix * metrics.promptTokens);
  return (
    1000 * (costOf(price, { prompt: metrics.promptTokens, cached, completion: answerTokens }) ?? metrics.promptTokens)
  );
}

/** The races of a stored run, told every stored score: as they stood, or as they would with other options. */
export async function storedRaces(
  store: Store,
  record: RunRecord,
  change: (options: SamplerOptions) => SamplerOptions = (options) => options,
): Promise<readonly { readonly model: string; readonly variants: RunRecord["variants"]; readonly sampler: Sampler }[]> {
  const stored = record.settings["samplers"];
  if (typeof stored !== "string") throw new Error(`run ${record.id} has no sampler options`);
  const options = JSON.parse(stored) as Readonly<Record<string, SamplerOptions>>;
  const races = record.models.map((model) => {
    const own = options[model];
    if (own === undefined) throw new Error(`run ${record.id} has no sampler options for ${model}`);
    return {
      model,
      variants: record.variants.filter((variant) => variant.model === model),
      sampler: openSampler(change(own)),
    };
  });
  const places = new Map(
    races.flatMap((race) => race.variants.map((variant, local) => [variant.index, { race, local }] as const)),
  );
  const means = new RepeatMeans(Number(record.settings["repeats"] ?? 1));
  const { variant, position, repeat, score } = await store.trials.scores(record.id);
  for (let i = 0; i < variant.length; i++) {
    const mean = means.add(variant[i] ?? 0, position[i] ?? 0, repeat[i] ?? 0, score[i] ?? Number.NaN);
    if (mean === undefined) continue;
    const place = places.get(variant[i] ?? 0);
    place?.race.sampler.tell(position[i] ?? 0, place.local, Number.isNaN(mean) ? "void" : mean);
  }
  return races;
}

/** True when how many rows a variant is asked depends on the scores: then only intervals that hold at any time may be quoted. */
export function stopsEarly(record: RunRecord): boolean {
  const stored = JSON.parse(String(record.settings["samplers"] ?? "{}")) as Readonly<Record<string, SamplerOptions>>;
  return Object.values(stored).some(
    ({ mode, patience }) => !(mode === "full" || mode === "fixed") || patience !== undefined,
  );
}

/**
 * Rows of the stored order that a run's decisions used, per variant's index. Answers to later rows may be stored as well, of
 * those that were quick enough: to count them would prefer quick rows.
 */
export async function rowsUsed(store: Store, record: RunRecord): Promise<readonly number[]> {
  const used = record.variants.map(() => 0);
  for (const { sampler, variants } of await storedRaces(store, record)) {
    const drops = sampler.decisions().filter(({ kind }) => kind === "dropped");
    const dropped = new Map(drops.map(({ variant, row }) => [variant, row]));
    for (const { id, index } of variants) used[index] = dropped.get(id) ?? sampler.watermark;
  }
  return used;
}

/** Several answers to one trial become one score: their mean, over those that could be had; NaN when none could. */
export class RepeatMeans {
  readonly #repeats: number;
  readonly #scores = new Map<string, number[]>();

  constructor(repeats: number) {
    this.#repeats = repeats;
  }

  has(variant: number, position: number, repeat: number): boolean {
    return this.#repeats > 1 && this.#scores.get(`${variant}:${position}`)?.[repeat] !== undefined;
  }

  /** The mean once the last repeat is in. */
  add(variant: number, position: number, repeat: number, score: number): number | undefined {
    if (this.#repeats === 1) return score;
    const key = `${variant}:${position}`;
    const scores = this.#scores.get(key) ?? [];
    this.#scores.set(key, scores);
    scores[repeat] = score;
    let count = 0;
    let sum = 0;
    let usable = 0;
    for (const one of scores) {
      if (one === undefined) continue;
      count += 1;
      if (Number.isNaN(one)) continue;
      sum += one;
      usable += 1;
    }
    if (count < this.#repeats) return undefined;
    return usable === 0 ? Number.NaN : sum / usable;
  }
}
