import { judgeRules, type RulesReport } from "../ensemble/judgeRules.ts";
import { segmentFeatures } from "../layout/features.ts";
import { compileTemplate } from "../layout/template.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { RunRecord, Store, VariantRecord } from "../store/store.ts";
import { variantGroups } from "./variantGroups.ts";

/**
 * Fits rules over the segment's features to a run's stored scores; one report per model and set of parameters. Layouts that were
 * dropped early, with under half the rows of the others, are left out: their few rows would be all there is to compare on.
 */
export async function storedRules(store: Store, record: RunRecord): Promise<readonly RulesReport[]> {
  const experiment = JSON.parse(record.experiment) as Experiment;
  const chosenByRule = new Set(experiment.layouts.flatMap((layout) => (layout.kind === "dynamic" ? layout.name : [])));
  const columns = record.variants.map(() => new Map<number, number>());
  const { variant, position, repeat, score } = await store.trials.scores(record.id);
  for (let i = 0; i < variant.length; i++) {
    const value = score[i] ?? Number.NaN;
    if (repeat[i] === 0 && !Number.isNaN(value)) columns[variant[i] ?? 0]?.set(position[i] ?? 0, value);
  }
  const featuresAt = await storedFeatures(store, record, experiment);
  const size = ({ index }: VariantRecord) => columns[index]?.size ?? 0;
  return variantGroups(record).map((variants) => {
    const fixed = variants.filter(({ layout }) => !chosenByRule.has(layout));
    const most = Math.max(...fixed.map(size));
    const members = fixed.filter((one) => size(one) > 0 && size(one) >= most / 2);
    const positions = [...(columns[members[0]?.index ?? -1]?.keys() ?? [])].sort((a, b) => a - b);
    const rows = positions.flatMap((at) => {
      const scores = members.flatMap(({ index }) => columns[index]?.get(at) ?? []);
      const features = featuresAt.get(at);
      return features === undefined || scores.length < members.length ? [] : [{ features, scores }];
    });
    return judgeRules(
      variants[0]?.model ?? "",
      members.map(({ layout }) => layout),
      rows,
      Number(record.settings["confidence"] ?? 0.95),
    );
  });
}

async function storedFeatures(store: Store, record: RunRecord, { prompt }: Experiment) {
  const segment = compileTemplate(prompt.segment.text);
  const examples = await store.runs.examples(record.datasetHash, [...record.order]);
  const byIndex = new Map(examples.map((example) => [example.index, segmentFeatures(segment.fill(example.fields))]));
  return new Map(
    [...record.order].flatMap((row, position) => {
      const features = byIndex.get(row);
      return features === undefined ? [] : [[position, features] as const];
    }),
  );
}
