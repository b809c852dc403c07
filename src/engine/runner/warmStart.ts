import { canonicalJson } from "../../base/json.ts";
import { searchRows } from "../decide/bayes.ts";
import type { Axis, SamplerOptions, WarmPoint } from "../decide/options.ts";
import type { RunRecord, Store } from "../store/store.ts";

/** Earlier runs that are looked at, the newest first: more would cost reading and add little. */
const mostRuns = 20;

interface Warmed {
  readonly points: readonly WarmPoint[];
  readonly trials: number;
}

/**
 * Lets the search of `bayes` begin with what earlier runs of the same file measured, where prompts, scoring and data are
 * as they were. Only rows that this run's search uses itself are counted: those that its finalists race on must be new to
 * whatever chose the finalists. The points are stored with the run, so that it decides the same when it is resumed.
 */
export async function warmStarted(store: Store, record: RunRecord): Promise<RunRecord> {
  if (record.settings["mode"] !== "bayes") return record;
  const samplers = JSON.parse(String(record.settings["samplers"])) as Readonly<Record<string, SamplerOptions>>;
  const rows = Object.values(samplers).map((own) => searchRows(own.candidates.length, own.rows, own.initial));
  const most = Math.max(0, ...rows);
  if (most === 0) return record;
  const same = comparable(record);
  const ids = await exampleIds(store, record, most);
  const earlier = (await store.runs.list({ file: record.file, limit: mostRuns })).filter(
    (run) => run.id !== record.id && comparable(run) === same,
  );
  const points = new Map<string, WarmPoint[]>();
  let runs = 0;
  let trials = 0;
  for (const run of earlier) {
    const found = await measuredIn(store, run, ids, samplers);
    const count = [...found.values()].reduce((sum, { trials: n }) => sum + n, 0);
    if (count === 0) continue;
    runs += 1;
    trials += count;
    for (const [model, { points: own }] of found) points.set(model, [...(points.get(model) ?? []), ...own]);
  }
  if (trials === 0) return record;
  const warmed = Object.entries(samplers).map(([model, own]) => {
    const warmStart = points.get(model);
    return [model, warmStart === undefined ? own : { ...own, warmStart }] as const;
  });
  const note = `The search is warm-started from ${runs} earlier ${runs === 1 ? "run" : "runs"}, ${trials.toLocaleString("en-US")} ${trials === 1 ? "trial" : "trials"}; its finalists race on rows that neither has used to choose them.`;
  return {
    ...record,
    settings: { ...record.settings, samplers: JSON.stringify(Object.fromEntries(warmed)), warmStart: note },
  };
}

/** What the note of `warmStarted` says of a stored run. */
export function warmStartNotes(record: RunRecord): readonly string[] {
  const note = record.settings["warmStart"];
  return typeof note === "string" ? [note] : [];
}

/** What must be as it was for a score to mean the same: everything but what is compared and how it is chosen. */
function comparable(record: RunRecord): string {
  const { prompt, scoring, chain, dataset } = JSON.parse(record.experiment) as Readonly<Record<string, unknown>>;
  return canonicalJson({ prompt, scoring, chain, dataset });
}

/** Ids of the examples at the first places of a run's order. */
async function exampleIds(store: Store, record: RunRecord, most: number): Promise<ReadonlyMap<string, number>> {
  const places = [...record.order.slice(0, most)];
  const known = new Map((await store.runs.examples(record.datasetHash, places)).map((one) => [one.index, one.id]));
  return new Map(places.map((index, position) => [known.get(index) ?? "", position]));
}

/** Means by model and configuration in one earlier run, over the rows of this run's search. */
async function measuredIn(
  store: Store,
  run: RunRecord,
  ids: ReadonlyMap<string, number>,
  samplers: Readonly<Record<string, SamplerOptions>>,
): Promise<ReadonlyMap<string, Warmed>> {
  const examples = await store.runs.examples(run.datasetHash, [...run.order]);
  const idOf = new Map(examples.map((one) => [one.index, one.id]));
  const limits = new Map(
    Object.entries(samplers).map(([model, own]) => [model, searchRows(own.candidates.length, own.rows, own.initial)]),
  );
  const sums = run.variants.map(() => ({ sum: 0, count: 0 }));
  const { variant, position, score } = await store.trials.scores(run.id);
  for (let i = 0; i < variant.length; i++) {
    const value = score[i] ?? Number.NaN;
    const own = run.variants[variant[i] ?? -1];
    const place = ids.get(idOf.get(run.order[position[i] ?? -1] ?? -1) ?? "-");
    if (own === undefined || Number.isNaN(value) || place === undefined) continue;
    if (place >= (limits.get(own.model) ?? 0)) continue;
    const total = sums[own.index];
    if (total === undefined) continue;
    total.sum += value;
    total.count += 1;
  }
  const out = new Map<string, { points: WarmPoint[]; trials: number }>();
  for (const own of run.variants) {
    const total = sums[own.index];
    const axes = samplers[own.model]?.axes;
    const values = axes && valuesOf(own, axes);
    if (total === undefined || total.count === 0 || values === undefined) continue;
    const found = out.get(own.model) ?? { points: [], trials: 0 };
    found.points.push({ values, mean: total.sum / total.count, rows: total.count });
    found.trials += total.count;
    out.set(own.model, found);
  }
  return out;
}

/** A variant on this run's axes; undefined where it has no place on one of them. */
function valuesOf(variant: RunRecord["variants"][number], axes: readonly Axis[]): WarmPoint["values"] | undefined {
  const values = axes.map(({ name, kind }) => {
    const value = name === "layout" ? variant.layout : variant.parameters[name];
    return kind === "number" && typeof value !== "number" ? undefined : value;
  });
  return values.every((value) => value !== undefined) ? values : undefined;
}
