import { UserError } from "../../base/errors.ts";
import type { ComparedSide } from "../api.ts";
import type { Scores } from "../decide/compare.ts";
import type { RunSummary } from "../runner/events.ts";
import type { RunRecord, Store } from "../store/store.ts";
import { findRun } from "./running.ts";

/** Scores of one side by example id, so that runs of different days, machines and tools pair up. */
export async function comparedScores(
  store: Store,
  side: ComparedSide,
): Promise<{ readonly side: { readonly run: string; readonly variant: string }; readonly scores: Scores }> {
  const record = await findRun(store, side.run);
  const variant = chosenVariant(record, side.variant);
  const sums = new Map<string, { sum: number; count: number }>();
  for await (const trial of store.trials.each({ run: record.id, variants: [variant.index] })) {
    if (trial.score === undefined) continue;
    const entry = sums.get(trial.exampleId);
    if (entry === undefined) sums.set(trial.exampleId, { sum: trial.score, count: 1 });
    else {
      entry.sum += trial.score;
      entry.count += 1;
    }
  }
  return {
    side: { run: record.id, variant: variant.id },
    scores: new Map([...sums].map(([id, { sum, count }]) => [id, sum / count])),
  };
}

/** By id, or by layout where that names one; the run's winner when nothing is said. */
function chosenVariant(record: RunRecord, wanted: string | undefined) {
  const summary = record.summary === undefined ? undefined : (JSON.parse(record.summary) as RunSummary);
  const name = wanted ?? summary?.verdict.winner ?? record.variants[0]?.id;
  const found = record.variants.filter((variant) => variant.id === name || variant.layout === name);
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
