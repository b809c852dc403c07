import { setImmediate as nextTurn } from "node:timers/promises";
import type { CacheCoverage } from "../api.ts";
import type { Example } from "../dataset/example.ts";
import { storedOrder } from "../decide/order.ts";
import type { PromptMessage } from "../prompt/prompt.ts";
import { type Design, variantRequestOf } from "../runner/design.ts";
import { fitRow } from "../runner/prompts.ts";
import { mostRows } from "../runner/samplers.ts";
import type { RunRecord, Store } from "../store/store.ts";

/** Prompts that are put together at most for one look; 40,000 take about half a second. */
const mostKeys = 40_000;
/** Keys looked up together; between two lots others have their turn. */
const lot = 2_000;
/** Stale answers whose prompts are compared with what would be sent now, spread over all of them. */
const comparedStale = 48;
/** Earlier runs among which the last one with answers is looked for. */
const runsLooked = 10;

interface Answered {
  readonly id: number;
  readonly variant: string;
  readonly key: string;
  readonly row: number;
}

/**
 * What of an experiment as it stands needs no call, and what of its last run an edit has left valid. Keys cover the whole
 * prompt and all that is sent beside it, so an answer is valid exactly when the same request would be sent again.
 */
export async function coverageOf(store: Store, planned: Design, file: string): Promise<CacheCoverage> {
  const { experiment, dataset, variants } = planned;
  const { repeats, seed } = experiment.sampling;
  const reads = experiment.cache.mode === "on" || experiment.cache.mode === "read";
  const alone = variants.filter(({ index }) => !planned.packed.has(index));
  const looked = Math.max(1, Math.floor(mostKeys / Math.max(1, alone.length * repeats)));
  const order = storedOrder(dataset.examples.length, seed);
  // What a full run asks for comes first; the last run may have gone further.
  const rows = order.slice(0, looked);
  const most = mostRows(experiment, order.length);
  const needed = new Set(rows.slice(0, most));
  const sampled = needed.size < most;

  /** Keys of every row looked at, and those a full run would ask for, by variant. */
  const keys = new Map<string, Set<string>>();
  const perVariant = new Map<string, { answers: number; cached: number }>();
  for (const variant of alone) {
    const own = new Set<string>();
    const figures = { answers: 0, cached: 0 };
    keys.set(variant.id, own);
    perVariant.set(variant.id, figures);
    let waiting: string[] = [];
    const look = async () => {
      const held = reads ? await store.cache.has(waiting) : new Set<string>();
      for (const key of waiting) if (held.has(key)) figures.cached++;
      waiting = [];
      await nextTurn();
    };
    for (const row of rows) {
      const messages = messagesOf(planned, variant.index, dataset.examples[row]);
      for (let repeat = 0; messages !== undefined && repeat < repeats; repeat++) {
        const key = variantRequestOf(planned, variant).keyOf(messages, repeat);
        own.add(key);
        if (!needed.has(row)) continue;
        figures.answers++;
        waiting.push(key);
      }
      if (waiting.length >= lot) await look();
    }
    await look();
  }
  const last = await lastRun(store, file);
  const before = last === undefined ? [] : await answeredIn(store, last, keys, new Set(rows));
  const stale = before.filter(({ variant, key }) => keys.get(variant)?.has(key) === false);
  const staleOf = new Map<string, number>();
  for (const { variant } of stale) staleOf.set(variant, (staleOf.get(variant) ?? 0) + 1);
  const figures = alone.map(({ id }) => ({
    id,
    ...(perVariant.get(id) ?? { answers: 0, cached: 0 }),
    stale: staleOf.get(id) ?? 0,
  }));
  const sum = (of: "answers" | "cached") => figures.reduce((total, one) => total + one[of], 0);
  return {
    schema: "layoutlab/coverage@1",
    answers: sum("answers"),
    cached: sum("cached"),
    reads,
    last:
      last === undefined || before.length === 0
        ? undefined
        : {
            run: last.id,
            at: last.createdAt,
            answers: before.length,
            valid: before.length - stale.length,
            stale: stale.length,
            changed: await changesOf(store, planned, last, stale),
          },
    variants: figures,
    sampled,
    packed: variants.filter(({ index }) => planned.packed.has(index)).map(({ id }) => id),
  };
}

/** What is sent about a row: of a chain, its first question. */
function messagesOf(
  planned: Design,
  variant: number,
  example: Example | undefined,
): readonly PromptMessage[] | undefined {
  const own = planned.prompts[variant];
  if (own === undefined || example === undefined) return undefined;
  if (own.budget === undefined) return own.layout.assemble(example).messages;
  return fitRow(own, example, planned.experiment.context.trim).prompt.messages;
}

/** The newest run of the file that has answers. */
async function lastRun(store: Store, file: string): Promise<RunRecord | undefined> {
  for (const record of await store.runs.list({ file, limit: runsLooked })) {
    const { byStatus } = await store.requests.stats({ run: record.id });
    if (byStatus.completed > 0) return record;
  }
  return undefined;
}

/** Its answers to variants that the file still has, of rows that were looked at. */
async function answeredIn(
  store: Store,
  run: RunRecord,
  keys: ReadonlyMap<string, unknown>,
  rows: ReadonlySet<number>,
): Promise<readonly Answered[]> {
  const names = new Map(run.variants.map(({ index, id }) => [index, id]));
  const first = new Map<string, Answered>();
  for (const { id, variant, key, trials } of await store.requests.answered(run.id)) {
    const name = names.get(variant);
    const [position, repeat] = trials[0] ?? [];
    if (name === undefined || !keys.has(name) || position === undefined || trials.length > 1) continue;
    const row = run.order[position] ?? -1;
    if (!rows.has(row)) continue;
    // Of a chain and its later questions, and of a request that was mended, the first stands for the trial.
    const trial = `${variant} ${position} ${repeat}`;
    if (!first.has(trial)) first.set(trial, { id, variant: name, key, row });
  }
  return [...first.values()];
}

/** Names of what differs between prompts as they were sent and as they would be. */
async function changesOf(
  store: Store,
  planned: Design,
  run: RunRecord,
  stale: readonly Answered[],
): Promise<readonly string[]> {
  if (stale.length === 0) return [];
  const step = Math.max(1, Math.floor(stale.length / comparedStale));
  const chosen = stale.filter((_, i) => i % step === 0);
  const rows = [...new Set(chosen.map(({ row }) => row))];
  const ids = new Map((await store.runs.examples(run.datasetHash, rows)).map(({ index, id }) => [index, id]));
  const now = new Map(planned.dataset.examples.map((example) => [example.id, example]));
  const places = new Map(planned.variants.map(({ id, index }) => [id, index]));
  const changed = new Set<string>();
  for (const { id, variant, row } of chosen) {
    const messages = messagesOf(planned, places.get(variant) ?? -1, now.get(ids.get(row) ?? ""));
    if (messages === undefined) changed.add("rows that are gone");
    else for (const name of differences(await store.requests.messages(id), messages)) changed.add(name);
  }
  return [...changed].sort();
}

/** Parts whose texts are others; where none is, what else differs. */
function differences(was: readonly PromptMessage[], is: readonly PromptMessage[]): readonly string[] {
  const [before, after] = [partsOf(was), partsOf(is)];
  const parts = new Set([...before.keys(), ...after.keys()]);
  const changed = [...parts].filter((part) => before.get(part) !== after.get(part));
  if (changed.length > 0) return changed;
  return shapeOf(was) === shapeOf(is) ? ["parameters, schema or tools"] : ["the layout"];
}

function partsOf(messages: readonly PromptMessage[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { pieces } of messages)
    for (const { part, text } of pieces) texts.set(part, (texts.get(part) ?? "") + text);
  return texts;
}

function shapeOf(messages: readonly PromptMessage[]): string {
  return messages.map(({ role, pieces }) => `${role}: ${pieces.map(({ part }) => part).join(" ")}`).join("\n");
}

/** The same for a person, a sentence each. */
export function coverageNotes({ answers, cached, last, sampled }: CacheCoverage): readonly string[] {
  const of = sampled ? `${answers} answers that were looked at` : `${answers} answers`;
  return [
    ...(cached > 0 ? [`${cached} of the ${of} are in the cache.`] : []),
    ...(last === undefined || last.stale === 0 ? [] : [staleness(last)]),
  ];
}

/** `312 of 400 answers of the last run are still valid; what changed (instructions) makes 88 stale.` */
function staleness({ answers, valid, stale, changed }: NonNullable<CacheCoverage["last"]>): string {
  const what = changed.length === 0 ? "" : ` (${changed.join(", ")})`;
  return `${valid} of ${answers} answers of the last run are still valid; what changed${what} makes ${stale} stale.`;
}
