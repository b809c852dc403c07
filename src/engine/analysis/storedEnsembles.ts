import { UserError } from "../../base/errors.ts";
import type { SamplerOptions } from "../decide/options.ts";
import type { Answer, AnswerRow } from "../ensemble/answers.ts";
import { type EnsembleReport, judgeEnsembles } from "../ensemble/judge.ts";
import { shortName } from "../runner/samplers.ts";
import type { EnsembleSpec } from "../spec/experiment.ts";
import type { RunRecord, Store, VariantRecord } from "../store/store.ts";
import { variantGroups } from "./variantGroups.ts";

/**
 * Judges ensembles over a run's stored answers; nothing is asked. Each spec gives one report per model and set of parameters.
 * Only rows that every member was asked count, of several answers to a trial the first. @throws UserError for a layout
 * that the run does not have.
 */
export async function storedEnsembles(
  store: Store,
  record: RunRecord,
  specs: readonly EnsembleSpec[],
): Promise<readonly EnsembleReport[]> {
  const wanted = specs.flatMap((spec) => groupsOf(record, spec).map((members) => ({ spec, members })));
  if (wanted.length === 0) return [];
  const indexes = [...new Set(wanted.flatMap(({ members }) => members.map(({ index }) => index)))];
  const answers = await storedAnswers(store, record, indexes);
  const costs = JSON.parse(String(record.settings["samplers"] ?? "{}")) as Readonly<Record<string, SamplerOptions>>;
  return judgeEnsembles(
    wanted.map(({ spec, members }) => {
      const options = costs[members[0]?.model ?? ""];
      const perThousand = members.map(({ id }) => options?.candidates.find((one) => one.id === id)?.cost);
      return {
        model: members[0]?.model ?? "",
        members: members.map(shortName),
        combine: spec.combine,
        rows: sharedRows(
          answers,
          members.map(({ index }) => index),
        ),
        costs:
          options?.costUnit === undefined || perThousand.some((cost) => cost === undefined)
            ? undefined
            : { unit: options.costUnit, perThousand: perThousand.map((cost) => cost ?? 0) },
      };
    }),
    Number(record.settings["confidence"] ?? 0.95),
  );
}

/** The variants that vote together: one of each layout, of the same model and parameters. */
function groupsOf(record: RunRecord, spec: EnsembleSpec): readonly (readonly VariantRecord[])[] {
  const missing = spec.layouts.find((layout) => !record.variants.some((variant) => variant.layout === layout));
  if (missing !== undefined) {
    const known = [...new Set(record.variants.map((variant) => variant.layout))];
    throw new UserError("no-layout", `run ${record.id} has no layout "${missing}"`, `use ${known.join(", ")}`);
  }
  return variantGroups(record).map((variants) =>
    spec.layouts.flatMap((layout) => variants.find((variant) => variant.layout === layout) ?? []),
  );
}

type Answers = ReadonlyMap<number, ReadonlyMap<number, Answer>>;

/** First answers by position and variant. A trial that could not be had is no answer. */
async function storedAnswers(store: Store, record: RunRecord, variants: readonly number[]): Promise<Answers> {
  const rows = new Map<number, Map<number, Answer>>();
  for await (const { position, variant, repeat, score, prediction, confidence } of store.trials.each({
    run: record.id,
    variants,
  })) {
    if (repeat !== 0 || score === undefined) continue;
    let row = rows.get(position);
    if (row === undefined) {
      row = new Map();
      rows.set(position, row);
    }
    row.set(variant, { prediction, score, confidence });
  }
  return rows;
}

function sharedRows(answers: Answers, members: readonly number[]): readonly AnswerRow[] {
  return [...answers]
    .sort(([a], [b]) => a - b)
    .flatMap(([, row]) => {
      const own = members.flatMap((member) => row.get(member) ?? []);
      return own.length === members.length ? [own] : [];
    });
}
