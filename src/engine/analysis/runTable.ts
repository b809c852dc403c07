import { type SegmentFeatures, segmentFeatures } from "../layout/features.ts";
import { compileTemplate } from "../layout/template.ts";
import type { Experiment, Scalar } from "../spec/experiment.ts";
import type { RunRecord, Store, TrialColumns, VariantRecord } from "../store/store.ts";
import { noPause, type Pause, rowsPerTurn } from "./pause.ts";

/** One row of the run as its author wrote it: what stood in the dataset, and nothing that any model made of it. */
export interface InputRow {
  readonly position: number;
  readonly id: string;
  /** The text under judgement. */
  readonly segment: string;
  readonly features: SegmentFeatures;
  readonly expected: string | undefined;
  readonly fields: Readonly<Record<string, Scalar | null>>;
}

/** A variant's first answers by place in the run's order; -1 where there is none. */
export type Place = Int32Array;

/** A stored run in memory: what every analysis reads. */
export interface RunTable {
  readonly variants: readonly VariantRecord[];
  readonly columns: TrialColumns;
  /** For each variant, where in `columns` the first answer to each position stands. */
  readonly firsts: readonly Place[];
  readonly rows: readonly InputRow[];
  readonly alpha: number;
  /** The experiment's prompt asks the model how sure it is. */
  readonly asksConfidence: boolean;
  readonly segmentColumn: string;
}

export const scored = 0;
export const unparsable = 1;
export const isVoid = 3;

export async function readRunTable(store: Store, record: RunRecord, pause = noPause): Promise<RunTable> {
  const columns = await store.trials.columns(record.id);
  await pause();
  const firsts = record.variants.map(() => new Int32Array(record.order.length).fill(-1));
  for (let i = 0; i < columns.count; i++) {
    const place = firsts[columns.variant[i] as number];
    if (columns.repeat[i] === 0 && place !== undefined) place[columns.position[i] as number] = i;
  }
  const experiment = JSON.parse(record.experiment) as Partial<Experiment>;
  return {
    variants: record.variants,
    columns,
    firsts,
    rows: await inputRows(store, record, experiment, pause),
    alpha: 1 - Number(record.settings["confidence"] ?? 0.95),
    asksConfidence: experiment.prompt?.output.confidence === true,
    segmentColumn: String(record.settings["segmentColumn"] ?? ""),
  };
}

async function inputRows(
  store: Store,
  record: RunRecord,
  { prompt }: Partial<Experiment>,
  pause: Pause,
): Promise<InputRow[]> {
  const template = prompt === undefined ? undefined : compileTemplate(prompt.segment.text);
  const rows: InputRow[] = [];
  for (let from = 0; from < record.order.length; from += rowsPerTurn) {
    const some = record.order.subarray(from, from + rowsPerTurn);
    const examples = await store.runs.examples(record.datasetHash, [...some]);
    const byIndex = new Map(examples.map((example) => [example.index, example]));
    some.forEach((index, i) => {
      const example = byIndex.get(index);
      if (example === undefined) return;
      const segment = template?.fill(example.fields) ?? "";
      const { id, expected, fields } = example;
      rows.push({ position: from + i, id, segment, features: segmentFeatures(segment), expected, fields });
    });
    await pause();
  }
  return rows;
}

/** Score of a variant's first answer at a position; NaN where it has none or could not be had. */
export function scoreAt({ columns, firsts }: RunTable, variant: number, position: number): number {
  const at = firsts[variant]?.[position] ?? -1;
  return at < 0 ? Number.NaN : (columns.score[at] as number);
}

/** Variants that were asked at least half as often as the one asked most: the others left the race too early to compare. */
export function askedEnough(table: RunTable, variants: readonly VariantRecord[]): readonly VariantRecord[] {
  const size = ({ index }: VariantRecord) => table.firsts[index]?.reduce((n, at) => n + (at < 0 ? 0 : 1), 0) ?? 0;
  const sizes = new Map(variants.map((variant) => [variant, size(variant)]));
  const most = Math.max(0, ...sizes.values());
  return variants.filter((variant) => (sizes.get(variant) ?? 0) >= Math.max(1, most / 2));
}
