import { UserError } from "../../base/errors.ts";
import { contentHash } from "../../base/hash.ts";
import { canonicalJson } from "../../base/json.ts";
import { type Collapse, collapsedVariants, collapseNotes } from "../analysis/collapse.ts";
import type { RunOptions } from "../api.ts";
import type { ContextManager } from "../context/contextManager.ts";
import {
  approximateTokenizer,
  encodingOf,
  loadTokenizer,
  type TokenCounter,
  tokenCounter,
} from "../context/tokenizer.ts";
import type { TrimReport } from "../context/trim.ts";
import { knownWindow } from "../context/window.ts";
import type { Dataset, Example } from "../dataset/example.ts";
import { openSampler } from "../decide/open.ts";
import type { SamplerOptions } from "../decide/options.ts";
import { storedOrder } from "../decide/order.ts";
import type { LayoutSource } from "../layout/compile.ts";
import type { LayoutMetrics } from "../layout/layout.ts";
import { expectedAnswerTokens } from "../layout/output.ts";
import { scorerTitles } from "../metrics/scorers/open.ts";
import type { AnyScorer } from "../metrics/scorers/scorer.ts";
import { type ChainStep, endsChain, type HopAnswer, hopSource, withAnswers } from "../packing/chain.ts";
import { packedVariants, packingNotes } from "../packing/packedVariants.ts";
import type { PackedVariant } from "../packing/packing.ts";
import { fixedHead, prefixRanks } from "../plan/prefixOrder.ts";
import { type PriceTable, priceOf } from "../plan/prices.ts";
import { expandVariants, type Variant } from "../plan/variants.ts";
import type { Prompt } from "../prompt/prompt.ts";
import type { Providers } from "../provider/registry.ts";
import type { Experiment, HopSpec, OutputPart } from "../spec/experiment.ts";
import type { ReadyExperiment } from "../spec/load.ts";
import { placeholdersOf } from "../spec/placeholders.ts";
import type { ExampleRecord, RequestRecord, RunRecord, Store, VariantRecord } from "../store/store.ts";
import { Budget } from "./budget.ts";
import { contextSize } from "./contextSize.ts";
import { RunContexts } from "./contexts.ts";
import { contextManager, type Machine } from "./localModels.ts";
import { withOptions } from "./options.ts";
import type { PipelineTask } from "./pipeline.ts";
import type { Judging, PreparedRun, Race } from "./preparedRun.ts";
import { fitRow, meanMetrics, type VariantPrompts, variantPrompts } from "./prompts.ts";
import type { RunModel } from "./record.ts";
import { type VariantRequest, variantRequest } from "./requests.ts";
import { checkRolling, conversationsOf, rollingContext, rollingNote, rolls } from "./rolling.ts";
import { costUnitOf, expectedCost, samplerOptions } from "./samplers.ts";
import type { AllowedTools } from "./tools.ts";
import { type TrialPlan, trialKey } from "./trialPlan.ts";
import { warmStartNotes } from "./warmStart.ts";

/** Asks kept open where all are made anyway: other processes find work among them, also while the run is down. */
const aheadOfAll = 128;

/** Rows over which layout metrics are averaged: enough for a stable mean, the same rows for every variant. */
const measuredRows = 200;

/** One question of a chain, under every variant. */
interface Hop {
  readonly spec: HopSpec | undefined;
  readonly output: OutputPart;
  readonly labels: readonly string[];
  readonly prompts: readonly VariantPrompts[];
  readonly shared: readonly VariantRequest[];
}

/** A loaded experiment under the options of one run, and everything worked out from it before the first call. */
export interface Design {
  readonly experiment: Experiment;
  readonly dataset: Dataset;
  readonly labels: readonly string[];
  readonly variants: readonly Variant[];
  readonly prompts: readonly VariantPrompts[];
  readonly models: ReadonlyMap<string, RunModel>;
  readonly metrics: readonly LayoutMetrics[];
  /** Tokens an answer is expected to take. */
  readonly answerTokens: number;
  /** Context window to ask each local model for. */
  readonly contextTokens: ReadonlyMap<string, number>;
  /** What keeps those contexts within what the machine can hold. */
  readonly contexts: RunContexts;
  /** The chain's hops; one without a name when each example is asked once. `prompts` are those of the first. */
  readonly hops: readonly Hop[];
  /** Variants whose requests carry several trials, by place. */
  readonly packed: ReadonlyMap<number, PackedVariant>;
  /** Variants that ask a model the very same thing. */
  readonly collapses: readonly Collapse[];
  /** What a reader must know before quoting the numbers. */
  readonly notes: readonly string[];
}

export interface DesignDeps {
  readonly providers: Providers;
  readonly prices: PriceTable;
  /** What is known of this machine; undefined takes every context for possible. */
  readonly machine?: Machine;
}

/**
 * Works out variants, prompts, models and prices. Variants that a stored run `knows` keep their places, others come after
 * them. @throws UserError for what no run can be made of.
 */
export async function design(
  loaded: ReadyExperiment,
  options: RunOptions,
  deps: DesignDeps,
  known: readonly VariantRecord[] = [],
): Promise<Design> {
  const experiment = withOptions(loaded.experiment, options);
  const dataset = options.limit === undefined ? loaded.dataset : firstRows(loaded.dataset, options.limit);
  const { output } = experiment.prompt;
  const labels = output.labels === "auto" ? loaded.dataset.labels : output.labels;
  const variants = inPlace(expandVariants(experiment), known);
  if (rolls(experiment)) checkRolling(experiment);
  const models = new Map<string, RunModel>();
  const counters = new Map<string, TokenCounter>();
  for (const id of experiment.models) {
    const { provider, model } = await deps.providers.openModel(id);
    const facts = provider.facts(model);
    models.set(id, { id, name: model, provider, facts, price: priceOf(id, facts, deps.prices) });
    // The encoder costs a quarter of a second to load; only models it is exact for are worth it.
    const exact = !facts.replayed && encodingOf(id) !== undefined;
    counters.set(id, tokenCounter(exact ? await loadTokenizer(id) : approximateTokenizer));
  }
  const source: LayoutSource & { readonly experiment: Experiment } = {
    experiment,
    labels,
    demonstrations: loaded.demonstrations,
  };
  const sources = experiment.chain.length === 0 ? [source] : experiment.chain.map((hop) => hopSource(source, hop));
  const managers = new Map<string, ContextManager>();
  const hopPrompts = sources.map((one) =>
    variantPrompts(
      one,
      variants,
      (model) => {
        const counter = counters.get(model);
        if (counter === undefined) throw new Error(`no counter for ${model}`);
        return counter;
      },
      (model) => managers.get(model)?.window ?? models.get(model)?.facts.windowTokens ?? knownWindow(model),
    ),
  );
  const prompts = hopPrompts[0] ?? [];
  const answerTokens = expectedAnswerTokens(output, labels, approximateTokenizer.count);
  const contextTokens = new Map<string, number>();
  const contextNotes: string[] = [];
  for (const model of models.values()) {
    if (!model.facts.local) continue;
    const own = prompts.filter((one) => one.variant.model === model.id);
    const size = contextSize(own, dataset.examples, { trim: experiment.context.trim, answerTokens });
    if (size === undefined) continue;
    const needed = rolls(experiment) ? rollingContext(experiment, size) : size;
    contextTokens.set(model.id, needed);
    const { manager, note } = await contextManager(model, needed, experiment.context, deps.machine);
    managers.set(model.id, manager);
    if (note !== undefined) contextNotes.push(note);
  }
  const hasSystemRole = (model: string) => models.get(model)?.facts.systemRole ?? true;
  const hops = sources.map((one, i): Hop => {
    const { output: own } = one.experiment.prompt;
    const shared = variants.map((variant) =>
      variantRequest(one.experiment, variant, modelIn(models, variant), contextTokens.get(variant.model)),
    );
    return { spec: experiment.chain[i], output: own, labels: one.labels, prompts: hopPrompts[i] ?? [], shared };
  });
  const packed = sources.reduceRight<ReadonlyMap<number, PackedVariant> | undefined>(
    (next, one, i) => packedVariants({ source: one, prompts: hopPrompts[i] ?? [], models, contextTokens, next }),
    undefined,
  );
  const collapses = collapsedVariants(prompts, dataset.examples, hasSystemRole);
  return {
    experiment,
    dataset,
    labels,
    variants,
    prompts,
    models,
    metrics: meanMetrics(prompts, dataset.examples.slice(0, measuredRows)),
    answerTokens,
    contextTokens,
    contexts: new RunContexts(managers, experiment.context.vramWarning),
    hops,
    packed: packed ?? new Map(),
    collapses,
    notes: [
      ...notesOf(experiment, models),
      ...contextNotes,
      ...(rolls(experiment) ? [rollingNote] : []),
      ...packingNotes(experiment, variants, packed ?? new Map()),
      ...collapseNotes(collapses, hasSystemRole),
    ],
  };
}

/** Refuses to start where money could be spent without anyone knowing how much. */
export function checkBudget(experiment: Experiment, models: ReadonlyMap<string, RunModel>): void {
  if (experiment.limits.maxCost === undefined) return;
  const unpriced = [...models.values()].filter((model) => model.price === undefined && !model.facts.free);
  if (unpriced.length > 0) {
    throw new UserError(
      "unknown-price",
      `limits.maxCost cannot be kept: the price of ${unpriced.map((model) => model.id).join(", ")} is unknown`,
      "give its price (.layoutlab/prices.yaml, layoutlab.prices or --price), or limit maxCalls or maxTokens instead",
    );
  }
}

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
        return measured && expectedCost(model.price, model.facts.free, measured, answerTokens);
      });
      return [model.id, samplerOptions(experiment, own, rows, costs, costUnitOf(model.price, model.facts.free))];
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

/** Joins a record with its design: a new run has no stored trials, a resumed one tells them again. */
export async function prepare(
  record: RunRecord,
  planned: Design,
  deps: {
    readonly store: Store;
    readonly slots: (model: string) => number;
    /** Opens the scorers, given the budget that judges share with the run. */
    readonly scoring: (budget: Budget) => Judging & { readonly scorers: readonly AnyScorer[] };
    readonly askVoidAgain?: boolean;
    readonly allowed?: AllowedTools;
  },
): Promise<{
  readonly run: PreparedRun;
  readonly task: PipelineTask;
}> {
  const { experiment, labels } = planned;
  const { store } = deps;
  const stored = await store.trials.scores(record.id);
  const storedDecisions = new Map<string, number>();
  for (const decision of await store.runs.decisions(record.id)) {
    storedDecisions.set(decision.model, Math.max(storedDecisions.get(decision.model) ?? 0, decision.sequence + 1));
  }
  const { sent } = await store.requests.counts(record.id);
  // Answers that were not scored yet, and a judge's, are paid for before there is a trial.
  const aggregates = stored.variant.length === 0 && sent === 0 ? [] : await store.trials.aggregates(record.id);
  const spent = {
    calls: sent,
    tokens: aggregates.reduce((sum, one) => sum + one.promptTokens + one.completionTokens, 0),
    cost: aggregates.reduce((sum, one) => sum + (one.cost ?? 0), 0),
  };
  const adopted = new Map<string, number>();
  for (const row of await store.requests.unfinished(record.id)) {
    for (const [position, repeat] of row.trials)
      adopted.set(`${trialKey(row.variant, position, repeat)}:${row.key}`, row.id);
  }
  // Answers that another process stored while this run was down: they are scored when they are asked for.
  const answered = new Map<string, RequestRecord>();
  const together = new Map<string, readonly number[]>();
  const hold = (row: RequestRecord) => {
    const positions = row.trials.map(([position]) => position);
    for (const [position, repeat] of row.trials) {
      const trial = trialKey(row.variant, position, repeat);
      answered.set(`${trial}:${row.key}`, row);
      // Later questions are asked of fewer.
      if (positions.length > Math.max(1, together.get(trial)?.length ?? 0)) together.set(trial, positions);
    }
  };
  for (const row of await store.requests.unpublished(record.id, Number.MAX_SAFE_INTEGER)) hold(row);
  if (planned.hops.length > 1 && planned.packed.size > 0 && stored.variant.length > 0) {
    for await (const row of partlyTold(store, record.id, stored)) hold(row);
  }
  const options = JSON.parse(String(record.settings["samplers"])) as Readonly<
    Record<string, ReturnType<typeof samplerOptions>>
  >;
  const races = record.models.map((model): Race => {
    const own = options[model];
    if (own === undefined) throw new Error(`run ${record.id} has no sampler options for ${model}`);
    const variants = planned.variants.filter((variant) => variant.model === model);
    const sampler = openSampler(own);
    // Room for the blocks that fill as well as for those that are asked.
    const size = Math.max(1, ...variants.map(({ index }) => planned.packed.get(index)?.size ?? 1));
    const everything = own.mode === "full" || own.mode === "fixed";
    const least = Math.max(variants.length, everything ? aheadOfAll : 0);
    const lookahead = size * Math.max(least, 2 * deps.slots(model));
    return { model, variants, sampler, lookahead, sendRanks: sendRanks(planned, variants) };
  });
  const plan = planner(record, planned);
  const budget = new Budget(experiment.limits, spent);
  const judging = deps.scoring(budget);
  return {
    run: {
      id: record.id,
      name: record.name,
      file: record.file,
      createdAt: record.createdAt,
      variants: planned.variants,
      races,
      models: planned.models,
      examples: record.order.length,
      repeats: experiment.sampling.repeats,
      scorers: judging.scorers,
      judging,
      plan,
      packed: planned.packed,
      together: planned.hops.length > 1 ? together : new Map(),
      budget,
      maxDurationMs: experiment.limits.maxDuration,
      notes: [...planned.notes, ...warmStartNotes(record)],
      known: stored,
      askVoidAgain: deps.askVoidAgain ?? false,
      storedDecisions,
    },
    task: {
      output: experiment.prompt.output,
      labels,
      allowed: deps.allowed ?? {},
      contexts: planned.contexts,
      conversations: rolls(experiment) ? await conversationsOf(record, planned, plan, store) : undefined,
      stream: experiment.limits.stream,
      adopted,
      answered,
    },
  };
}

/** Answers to packed questions that ended some of their examples' chains, while others were still to go on. */
async function* partlyTold(
  store: Store,
  run: string,
  known: PreparedRun["known"],
): AsyncGenerator<RequestRecord, void, undefined> {
  const told = new Set(
    Array.from(known.variant, (variant, i) => trialKey(variant, known.position[i] ?? 0, known.repeat[i] ?? 0)),
  );
  const limit = 500;
  let after: number | undefined;
  for (;;) {
    const page = await store.requests.list({
      run,
      status: "completed",
      limit,
      ...(after === undefined ? {} : { after }),
    });
    for (const row of page) {
      if (
        row.trials.length > 1 &&
        row.trials.some(([position, repeat]) => !told.has(trialKey(row.variant, position, repeat)))
      )
        yield row;
    }
    after = page.at(-1)?.id;
    if (page.length < limit || after === undefined) return;
  }
}

function sendRanks({ prompts, dataset }: Design, variants: readonly Variant[]): readonly number[] {
  const [example] = dataset.examples;
  const headOf = ({ index }: Variant) => {
    const own = prompts[index];
    return example === undefined || own === undefined ? "" : fixedHead(own.layout.assemble(example));
  };
  return prefixRanks(variants.map(headOf));
}

/** Turns an ask into what would be sent. */
export function planner(record: RunRecord, planned: Design): PreparedRun["plan"] {
  const { experiment, dataset, prompts, answerTokens, hops, contexts } = planned;

  /** Why a row cannot be asked: it must fit under every layout, or a cut would look like a layout effect. */
  const refusal = (example: Example): string | undefined => {
    for (const one of prompts) {
      // No text has more tokens than bytes, and counting takes longer than this.
      if (one.budget === undefined || 3 * lengthOf(one.layout.assemble(example)) <= one.budget) continue;
      const { trim } = fitRow(one, example, experiment.context.trim);
      if (trim !== undefined && !trim.fits)
        return `the prompt of ${one.variant.id} has ${trim.before} tokens and may have ${trim.budget}: the row counts for no layout`;
    }
    return undefined;
  };
  // The variants of a row are asked about close together.
  const refusals = new Map<number, string | undefined>();
  let refusedAt = 0;
  const refusalAt = (position: number, example: Example): string | undefined => {
    if (prompts.every((one) => one.budget === undefined)) return undefined;
    const generation = [...contexts.managers.values()].reduce((sum, manager) => sum + manager.generation, 0);
    if (generation !== refusedAt) {
      refusals.clear();
      refusedAt = generation;
    }
    if (!refusals.has(position)) {
      if (refusals.size >= 4_096) refusals.clear();
      refusals.set(position, refusal(example));
    }
    return refusals.get(position);
  };

  const planHop = (
    at: number,
    variant: Variant,
    position: number,
    repeat: number,
    earlier: readonly HopAnswer[],
  ): TrialPlan => {
    const row = dataset.examples[record.order[position] ?? -1];
    const hop = hops[at];
    const own = hop?.prompts[variant.index];
    const common = hop?.shared[variant.index];
    if (row === undefined || hop === undefined || own === undefined || common === undefined)
      throw new Error(`no plan for ${variant.id} at ${position}`);
    const example = withAnswers(row, earlier);
    const { prompt, tokens, trim } = fitRow(own, example, experiment.context.trim);
    const { spec, output, labels } = hop;
    const changed = trim === undefined ? undefined : contexts.cutSince(variant.model, position);
    const chain: ChainStep | undefined = spec && {
      id: spec.id,
      output,
      labels,
      earlier,
      follow: (answer) =>
        at + 1 >= hops.length || endsChain(spec, answer)
          ? undefined
          : planHop(at + 1, variant, position, repeat, [...earlier, { id: spec.id, answer }]),
    };
    return {
      variant,
      position,
      repeat,
      example,
      prompt,
      shared: contexts.managers.has(variant.model) ? contextually(common, contexts, variant.model) : common,
      key: common.keyOf(prompt.messages, repeat),
      promptTokens: tokens,
      completionTokens: answerTokens,
      context: trim && JSON.stringify(trim),
      refused: (at === 0 ? refusalAt(position, example) : tooLongHop(trim)) ?? changed,
      ...(contexts.managers.has(variant.model) ? { again: () => planHop(at, variant, position, repeat, earlier) } : {}),
      ...(chain === undefined ? {} : { chain }),
    };
  };
  return (variant, position, repeat) => planHop(0, variant, position, repeat, []);
}

/** The same request with the context that is asked for now; its key does not change with it, as a prompt that fits is read whole. */
function contextually(shared: VariantRequest, contexts: RunContexts, model: string): VariantRequest {
  const tokens = contexts.managers.get(model)?.tokens;
  if (tokens === undefined || tokens === shared.request.contextTokens) return shared;
  const { parameters, tools } = shared.request;
  return {
    ...shared,
    request: { ...shared.request, contextTokens: tokens },
    json: JSON.stringify({ parameters, tools, contextTokens: tokens }),
  };
}

/** Earlier answers may make a later hop's prompt too long. */
function tooLongHop(trim: TrimReport | undefined): string | undefined {
  if (trim === undefined || trim.fits) return undefined;
  return `a later hop's prompt has ${trim.before} tokens and may have ${trim.budget}: the row counts for no layout`;
}

function lengthOf(prompt: Prompt): number {
  let length = 0;
  for (const { pieces } of prompt.messages) for (const { text } of pieces) length += text.length;
  return length;
}

/** What every request of a variant has in common. */
export function variantRequestOf(planned: Design, variant: Variant): VariantRequest {
  const shared = planned.hops[0]?.shared[variant.index];
  if (shared === undefined) throw new Error(`no requests for ${variant.id}`);
  return shared;
}

function modelIn(models: ReadonlyMap<string, RunModel>, variant: Variant): RunModel {
  const model = models.get(variant.model);
  if (model === undefined) throw new Error(`no model ${variant.model}`);
  return model;
}

function notesOf(experiment: Experiment, models: ReadonlyMap<string, RunModel>): string[] {
  const notes: string[] = [];
  const builtin = [...models.keys()].filter((id) => id.startsWith("builtin:"));
  if (builtin.length > 0) {
    notes.push(
      `${builtin.join(", ")} is the built-in offline model: a rehearsal of the method, not evidence about a language model.`,
    );
  }
  for (const model of models.values()) {
    if (model.facts.exploratory)
      notes.push(`${model.id} adds its own text to every prompt and reports no usage: its results are exploratory.`);
    if (!model.facts.systemRole)
      notes.push(`${model.id} has no system role: layouts that differ only in what stands there are the same to it.`);
    if (!model.facts.free && model.price === undefined)
      notes.push(`The price of ${model.id} is unknown: its cost is not counted.`);
  }
  if (experiment.chain.length > 1)
    notes.push(
      `Each example is asked up to ${experiment.chain.length} questions in turn; the last answer counts, and tokens are those of all.`,
    );
  if (experiment.sampling.repeats > 1) notes.push(`Each trial is the mean of ${experiment.sampling.repeats} answers.`);
  return notes;
}

function inPlace(variants: readonly Variant[], known: readonly VariantRecord[]): readonly Variant[] {
  if (known.length === 0) return variants;
  const places = new Map(known.map(({ id, index }) => [id, index]));
  const place = ({ id }: Variant) => places.get(id) ?? Number.POSITIVE_INFINITY;
  return variants
    .toSorted((a, b) => (place(a) === place(b) ? a.index - b.index : place(a) - place(b)))
    .map((variant, index) => ({ ...variant, index }));
}

function firstRows(dataset: Dataset, limit: number): Dataset {
  const examples = dataset.examples.slice(0, limit);
  return { ...dataset, examples, hash: contentHash(`${dataset.hash}:${examples.length}`) };
}
