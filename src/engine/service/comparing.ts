import { UserError } from "../../base/errors.ts";
import type { ComparedSide, ComparisonReport, SideBySide } from "../api.ts";
import { type CompareOptions, compare, type NoiseFloor, type Scores } from "../decide/compare.ts";
import type { RunSummary } from "../runner/events.ts";
import { rowsUsed, shortName, stopsEarly } from "../runner/samplers.ts";
import { holm } from "../stats/multiple.ts";
import { wilson } from "../stats/proportion.ts";
import type { RunRecord, Store, VariantRecord } from "../store/store.ts";
import { type Pairing, pairedNames } from "./pairing.ts";
import { findRun } from "./running.ts";

/** One side of a comparison, as it was found. */
interface Side {
  readonly record: RunRecord;
  readonly variant: VariantRecord;
  /** Mean over repeats by the example's id. */
  readonly scores: Scores;
  /** The first answer to each example. */
  readonly firsts: ReadonlyMap<string, First>;
}

interface First {
  readonly position: number;
  readonly prediction: string | undefined;
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
  return comparedPair(store, a, b, p);
}

async function comparedPair(
  store: Store,
  a: Side,
  b: Side,
  p: { readonly confidence?: number; readonly noise?: string },
): Promise<ComparisonReport> {
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

/** Most runs side by side: every two of them are tested. */
const mostSides = 8;
/** Rows listed on which the sides differ. */
const mostRows = 100;

/**
 * Two or more variants, of one run or of several, held against each other two by two; what is claimed is corrected over all pairs
 * (Holm). Where all runs have one dataset, also their accuracies on the rows that all have.
 * @throws UserError for fewer than two sides, or more than eight.
 */
export async function sideBySide(
  store: Store,
  p: { readonly sides: readonly ComparedSide[]; readonly confidence?: number },
): Promise<SideBySide> {
  if (p.sides.length < 2 || p.sides.length > mostSides) {
    throw new UserError("sides", `${p.sides.length} cannot be compared side by side`, `choose 2 to ${mostSides}`);
  }
  const alpha = 1 - (p.confidence ?? 0.95);
  const sides: Side[] = [];
  for (const side of p.sides) sides.push(await sideOf(store, side));
  const reports: { readonly a: number; readonly b: number; readonly report: ComparisonReport }[] = [];
  // Intervals that hold together: each pair has its share of the error (Bonferroni).
  const confidence = 1 - (2 * alpha) / (sides.length * (sides.length - 1));
  for (const [a, left] of sides.entries()) {
    for (const [b, right] of sides.entries()) {
      if (b > a) reports.push({ a, b, report: await comparedPair(store, left, right, { confidence }) });
    }
  }
  const adjusted = holm(reports.map(({ report }) => report.comparison.test.pValue));
  const standing = (scores: readonly number[]) => {
    const right = scores.reduce((sum, score) => sum + score, 0);
    const { length: rows } = scores;
    return { rows, accuracy: rows === 0 ? 0 : right / rows, interval: wilson(right, rows, alpha) };
  };
  const oneDataset = sides.every(({ record }) => record.datasetHash === sides[0]?.record.datasetHash);
  const shared = oneDataset ? sharedIds(sides) : undefined;
  return {
    schema: "layoutlab/side-by-side@1",
    confidence: 1 - alpha,
    sides: sides.map(({ record, variant, scores }) => ({
      run: record.id,
      name: record.name,
      createdAt: record.createdAt,
      variant: variant.id,
      ...standing([...scores.values()]),
    })),
    shared: shared === undefined ? null : sides.map(({ scores }) => standing(shared.map((id) => scores.get(id) ?? 0))),
    pairs: reports.map(({ a, b, report: { pairing, comparison } }, i) => ({
      a,
      b,
      pairing,
      comparison,
      adjusted: comparison.stoppedEarly ? null : (adjusted[i] ?? 1),
      significant: comparison.stoppedEarly ? comparison.significant : (adjusted[i] ?? 1) < alpha,
    })),
    differing: shared === undefined ? [] : differing(sides, shared),
  };
}

function sharedIds(sides: readonly Side[]): readonly string[] {
  const [first, ...others] = sides;
  return [...(first?.scores.keys() ?? [])].filter((id) => others.every(({ scores }) => scores.has(id)));
}

function differing(sides: readonly Side[], shared: readonly string[]): SideBySide["differing"] {
  return shared
    .filter((id) => new Set(sides.map(({ scores }) => scores.get(id))).size > 1)
    .slice(0, mostRows)
    .map((example) => ({
      example,
      answers: sides.map(({ scores, firsts }) => ({
        score: scores.get(example) ?? 0,
        prediction: firsts.get(example)?.prediction ?? null,
        position: firsts.get(example)?.position ?? 0,
      })),
    }));
}

async function sideOf(store: Store, side: ComparedSide): Promise<Side> {
  const record = await findRun(store, side.run);
  const variant = chosenVariant(record, side.variant);
  const rows = (await rowsUsed(store, record))[variant.index] ?? 0;
  const sums = new Map<string, { sum: number; count: number }>();
  const firsts = new Map<string, First>();
  const columns = await store.trials.columns(record.id);
  for (let i = 0; i < columns.count; i++) {
    const position = columns.position[i] as number;
    const score = columns.score[i] as number;
    const example = columns.examples[position];
    if (columns.variant[i] !== variant.index || position >= rows || Number.isNaN(score) || example === undefined)
      continue;
    const entry = sums.get(example);
    if (entry === undefined) {
      sums.set(example, { sum: score, count: 1 });
      firsts.set(example, { position, prediction: columns.answers[columns.prediction[i] as number] });
    } else {
      entry.sum += score;
      entry.count += 1;
    }
  }
  return { record, variant, firsts, scores: new Map([...sums].map(([id, { sum, count }]) => [id, sum / count])) };
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
