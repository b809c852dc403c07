import { UserError } from "../../base/errors.ts";
import { canonicalJson } from "../../base/json.ts";
import type { RunOptions } from "../api.ts";
import type { SamplerOptions } from "../decide/options.ts";
import type { RunRecord, Store } from "../store/store.ts";
import type { Design } from "./design.ts";
import { experimentHash, planSamplers } from "./newRun.ts";
import { storedRaces } from "./samplers.ts";

/**
 * Lets the layouts that a design has and a stored run has not join its races: each enters where its model's race stands and
 * is run on the rows before it first, so that it is judged by the same rows as the others. Everything else of the
 * experiment must be as it was. Gives the record as it is then stored; the same one when nothing joins.
 * @throws UserError when something else changed, or when the mode takes no newcomers.
 */
export async function joinLayouts(
  store: Store,
  record: RunRecord,
  planned: Design,
  options: RunOptions,
): Promise<RunRecord> {
  const layouts = new Set(record.variants.map((variant) => variant.layout));
  if (experimentHash(planned, layouts) !== record.settings["experimentHash"]) {
    throw new UserError(
      "experiment-changed",
      `${record.file} or its data changed since run ${record.id}`,
      "start a new run: answers to unchanged prompts come from the cache",
    );
  }
  const newcomers = planned.variants.slice(record.variants.length);
  if (newcomers.length === 0) return record;
  const stored = JSON.parse(String(record.settings["samplers"])) as Readonly<Record<string, SamplerOptions>>;
  const fresh = planSamplers(planned, record.order.length);
  const races = new Map((await storedRaces(store, record)).map(({ model, sampler }) => [model, sampler.watermark]));
  const samplers = Object.entries(stored).map(([model, own]) => {
    refuseClosed(own);
    const late = fresh[model]?.candidates.slice(own.candidates.length) ?? [];
    const row = races.get(model) ?? 0;
    const joins = [...(own.joins ?? []), ...late.map((_, i) => ({ variant: own.candidates.length + i, row }))];
    return [model, { ...own, candidates: [...own.candidates, ...late], joins }] as const;
  });
  const changed = {
    variants: planned.variants,
    experiment: canonicalJson(planned.experiment),
    settings: {
      ...record.settings,
      options: JSON.stringify(options),
      experimentHash: experimentHash(planned),
      layoutMetrics: JSON.stringify(planned.metrics),
      samplers: JSON.stringify(Object.fromEntries(samplers)),
    },
  };
  await store.runs.update(record.id, changed);
  return { ...record, ...changed };
}

/** The names to open a resumed run with: those it has, then those that are to join; undefined leaves it to the file. */
export function layoutsWith(
  record: RunRecord,
  started: RunOptions,
  joining: readonly string[] | undefined,
): readonly string[] | undefined {
  if (joining === undefined) return started.layouts;
  return [...new Set([...record.variants.map((variant) => variant.layout), ...joining])];
}

/** Joining is proved for the race, and harmless where the one test comes at the end; nowhere else. */
function refuseClosed({ mode, strict, stopWhenEquivalent, objective, patience }: SamplerOptions): void {
  const race = mode === "adaptive" && strict !== true && stopWhenEquivalent !== true && objective !== "cheaper";
  const atEnd = (mode === "full" || mode === "fixed") && patience === undefined;
  if (race || atEnd) return;
  throw new UserError(
    "closed-race",
    "layouts can join an adaptive race for the best (not strict, not stopWhenEquivalent) or a full or fixed run, not this one",
    "start a new run with all layouts: answers to unchanged prompts come from the cache",
  );
}
