import { contentHash } from "../../base/hash.ts";
import { canonicalJson } from "../../base/json.ts";
import type { RunOptions } from "../api.ts";
import type { Dataset } from "../dataset/example.ts";
import type { SamplerOptions } from "../decide/options.ts";
import { storedOrder } from "../decide/order.ts";
import { scorerTitles } from "../metrics/scorers/open.ts";
import { placeholdersOf } from "../spec/placeholders.ts";
import type { ExampleRecord, RunRecord } from "../store/store.ts";
import type { Design } from "./design.ts";
import { costUnitOf, expectedCost, samplerOptions } from "./samplers.ts";

/** The record of a new run, with the order drawn; nothing has been asked yet. */
export function newRecord(
  planned: Design,
  facts: {
    readonly id: string;
    readonly file: string;
    readonly now: number;
    readonly owner: string;
    readonly version: string;
    readonly experimentHash: string;
    readonly options: RunOptions;
  },
): RunRecord {
  const { experiment, dataset, models, metrics } = planned;
  const order = Uint32Array.from(storedOrder(dataset.examples.length, experiment.sampling.seed));
  return {
    id: facts.id,
    name: experiment.name,
    file: facts.file,
    createdAt: facts.now,
    endedAt: undefined,
    status: "running",
    stopReason: undefined,
    experiment: canonicalJson(experiment),
    datasetHash: dataset.hash,
    models: [...models.keys()],
    variants: planned.variants,
    scorers: scorerTitles(experiment.scoring),
    order,
    settings: {
      mode: experiment.sampling.mode,
      confidence: experiment.sampling.confidence,
      equivalence: experiment.sampling.equivalence,
      scope: experiment.sampling.scope,
      seed: experiment.sampling.seed,
      repeats: experiment.sampling.repeats,
      conversation: experiment.context.conversation,
      orderHash: contentHash([...order].join(",")),
      experimentHash: facts.experimentHash,
      options: JSON.stringify(facts.options),
      samplers: JSON.stringify(planSamplers(planned, order.length)),
      layoutMetrics: JSON.stringify(metrics),
      answerTokens: planned.answerTokens,
      prices: JSON.stringify(Object.fromEntries([...models].map(([id, { price }]) => [id, price]))),
      collapses: JSON.stringify(planned.collapses),
      exploratory: JSON.stringify([...models.values()].filter(({ facts }) => facts.exploratory).map(({ id }) => id)),
      labels: JSON.stringify(planned.labels),
      notes: JSON.stringify(planned.notes),
      datasetFile: experiment.dataset.path,
      segmentColumn:
        experiment.dataset.input.segment ?? placeholdersOf(experiment.prompt.segment.text)[0]?.column ?? null,
      version: facts.version,
    },
    verdict: undefined,
    summary: undefined,
    owner: facts.owner,
  };
}

/** What each model's race is opened with. */
export function planSamplers(
  { experiment, variants, models, metrics, answerTokens }: Design,
  rows: number,
): Readonly<Record<string, SamplerOptions>> {
  return Object.fromEntries(
    [...models.values()].map((model) => {
      const own = variants.filter((variant) => variant.model === model.id);
      const costs = own.map((variant) => {
        const measured = metrics[variant.index];
        return measured && expectedCost(model.price, measured, answerTokens);
      });
      return [model.id, samplerOptions(experiment, own, rows, costs, costUnitOf(model.price))];
    }),
  );
}

/**
 * What a resumed run must find unchanged: everything that decides which prompts are sent and how they are judged. With
 * `layouts` only those count, so that adding a layout is no change to the others.
 */
export function experimentHash(planned: Design, layouts?: ReadonlySet<string>): string {
  const { experiment, dataset } = planned;
  const counted = experiment.layouts.filter((layout) => layouts === undefined || layouts.has(layout.name));
  return contentHash(
    canonicalJson({
      experiment: { ...experiment, layouts: counted, limits: null, cache: null, track: null, assert: null },
      dataset: dataset.hash,
    }),
  );
}

export function exampleRecords(dataset: Dataset): ExampleRecord[] {
  return dataset.examples.map((example, index) => ({
    index,
    id: example.id,
    row: example.row,
    line: example.line,
    expected: example.expected,
    fields: example.fields,
  }));
}
