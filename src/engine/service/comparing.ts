import { UserError } from "../../base/errors.ts";
import type { ComparedSide, ComparisonReport } from "../api.ts";
import { type CompareOptions, compare, type NoiseFloor, type Scores } from "../decide/compare.ts";
import type { RunSummary } from "../runner/events.ts";
import { rowsUsed, shortName, stopsEarly } from "../runner/samplers.ts";
import type { RunRecord, Store, VariantRecord } from "../store/store.ts";
import { type Pairing, pairedNames } from "./pairing.ts";
import { findRun } from "./running.ts";

/** One side of a comparison, as it was found. */
interface Side {
  readonly record: RunRecord;
  readonly variant: VariantRecord;
  /** Mean over repeats by the example's id. */
  readonly scores: Scores;
}

/**
 * Compares two variants, of one run or of two: other days, other prompt versions, other tools. Examples pair up by content
 * (see `pairedNames`), nothing is asked. The noise of running one side twice comes from the run named, or from either run
 * when it measured its own.
 */
export async function compareSides(
  store: Store,
  p: { readonly a: ComparedSide; readonly b: ComparedSide; readonly confidence?: number; readonly noise?: string },
): Promise<ComparisonReport> {
  const a = await sideOf(store, p.a);
  const b = await sideOf(store, p.b);
  const names = await pairedNames(store, a.record, b.record);
  const noise = await noiseOf(store, p.noise, a, b);
  const options: CompareOptions = {
    ...(p.confidence === undefined ? {} : { confidence: p.confidence }),
    ...(noise === undefined ? {} : { noise }),
    stoppedEarly: [a, b].some(({ record, scores }) => scores.size < record.order.length && stopsEarly(record)),
  };
  const pairing: Pairing = { by: names.by, changed: names.changed };
  return {
    schema: "layoutlab/compare@1",
    a: { run: a.record.id, variant: a.variant.id },
    b: { run: b.record.id, variant: b.variant.id },
    pairing,
    comparison: compare(renamed(a.scores, names.a), renamed(b.scores, names.b), options),
  };
}

async function sideOf(store: Store, side: ComparedSide): Promise<Side> {
  const record = await findRun(store, side.run);
  const variant = chosenVariant(record, side.variant);
  const rows = (await rowsUsed(store, record))[variant.index] ?? 0;
  const sums = new Map<string, { sum: number; count: number }>();
  for await (const trial of store.trials.each({ run: record.id, variants: [variant.index] })) {
    if (trial.score === undefined || trial.position >= rows) continue;
    const entry = sums.get(trial.exampleId);
    if (entry === undefined) sums.set(trial.exampleId, { sum: trial.score, count: 1 });
    else {
      entry.sum += trial.score;
      entry.count += 1;
    }
  }
  return { record, variant, scores: new Map([...sums].map(([id, { sum, count }]) => [id, sum / count])) };
}

/** By id, or by the layout where that names one; the run's winner when nothing is said. */
function chosenVariant(record: RunRecord, wanted: string | undefined): VariantRecord {
  const name = wanted ?? summaryOf(record)?.verdict.winner ?? record.variants[0]?.id;
  const found = record.variants.filter(
    (variant) => variant.id === name || variant.layout === name || shortName(variant) === name,
  );
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new UserError(
      found.length > 1 ? "ambiguous-variant" : "no-variant",
      found.length > 1
        ? `"${name}" names ${found.length} variants of run ${record.id}`
        : `run ${record.id} has no variant "${name}"`,
      `use one of ${record.variants.map((variant) => variant.id).join(", ")}`,
    );
  }
  return only;
}

/** The larger of the noise floors of the two layouts; of any layout where neither was measured. */
async function noiseOf(store: Store, run: string | undefined, a: Side, b: Side): Promise<NoiseFloor | undefined> {
  const records = run === undefined ? [a.record, b.record] : [await findRun(store, run)];
  const measured = records.flatMap((record) => summaryOf(record)?.noise ?? []);
  if (run !== undefined && measured.length === 0) {
    throw new UserError("no-noise", `run ${run} did not measure its noise`, "run the experiment with --aa first");
  }
  const same = measured.filter(({ id }) => [a, b].some(({ variant }) => variant.id === id));
  const alike = measured.filter(({ layout }) => [a, b].some(({ variant }) => variant.layout === layout));
  const own = run === undefined ? same : same.length > 0 ? same : alike.length > 0 ? alike : measured;
  return own.toSorted((x, y) => y.floor * Math.sqrt(y.rows) - x.floor * Math.sqrt(x.rows))[0];
}

function renamed(scores: Scores, names: ReadonlyMap<string, string>): Scores {
  return new Map([...scores].map(([id, score]) => [names.get(id) ?? id, score]));
}

function summaryOf(record: RunRecord): RunSummary | undefined {
  return record.summary === undefined ? undefined : (JSON.parse(record.summary) as RunSummary);
}
