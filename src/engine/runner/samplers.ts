import { openSampler } from "../decide/open.ts";
import type { SamplerOptions } from "../decide/options.ts";
import type { Sampler } from "../decide/sampler.ts";
import type { LayoutMetrics } from "../layout/layout.ts";
import { costOf, type Price } from "../plan/prices.ts";
import type { Variant } from "../plan/variants.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { RunRecord, Store } from "../store/store.ts";

/** What one model's race is opened with; stored with the run, so that it can be decided again without its file. */
export function samplerOptions(
  experiment: Experiment,
  variants: readonly Variant[],
  rows: number,
  costs: readonly (number | undefined)[],
): SamplerOptions {
  const { sampling, stopping } = experiment;
  // Without a rule nothing may be dropped, which is what `full` means.
  const mode = sampling.mode === "adaptive" && stopping.rule === "none" ? "full" : sampling.mode;
  return {
    mode,
    rows,
    candidates: variants.map((variant, i) => {
      const cost = costs[i];
      return cost === undefined ? { id: variant.id } : { id: variant.id, cost };
    }),
    confidence: sampling.confidence,
    equivalence: sampling.equivalence,
    seed: sampling.seed,
    strict: sampling.strict,
    initial: sampling.initial,
    ...(mode === "adaptive" ? { scope: sampling.scope } : {}),
    ...(sampling.max === undefined ? {} : mode === "adaptive" ? { maxRows: sampling.max } : { max: sampling.max }),
    ...(stopping.rule === "patience"
      ? { patience: { patience: stopping.patience, threshold: stopping.threshold } }
      : {}),
  };
}

/** Cost of 1,000 calls in US dollars, or their prompt tokens where a call is free or its price unknown: it only breaks ties. */
export function expectedCost(
  price: Price | undefined,
  free: boolean,
  metrics: LayoutMetrics,
  answerTokens: number,
): number {
  const dollars =
    price === undefined || free ? undefined : costOf(price, { prompt: metrics.promptTokens, completion: answerTokens });
  return 1000 * (dollars ?? metrics.promptTokens);
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
