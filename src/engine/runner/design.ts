import { UserError } from "../../base/errors.ts";
import { contentHash } from "../../base/hash.ts";
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
import { knownWindow } from "../context/window.ts";
import type { Dataset } from "../dataset/example.ts";
import type { LayoutSource } from "../layout/compile.ts";
import type { LayoutMetrics } from "../layout/layout.ts";
import { expectedAnswerTokens } from "../layout/output.ts";
import { hopSource } from "../packing/chain.ts";
import { packedVariants, packingNotes } from "../packing/packedVariants.ts";
import type { PackedVariant } from "../packing/packing.ts";
import { isFree, type PriceTable, priceOf } from "../plan/prices.ts";
import { expandVariants, type Variant } from "../plan/variants.ts";
import type { Providers } from "../provider/registry.ts";
import type { Experiment, HopSpec, OutputPart } from "../spec/experiment.ts";
import type { ReadyExperiment } from "../spec/load.ts";
import type { VariantRecord } from "../store/store.ts";
import { contextSize } from "./contextSize.ts";
import { RunContexts } from "./contexts.ts";
import { contextManager, type Machine } from "./localModels.ts";
import { withOptions } from "./options.ts";
import { meanMetrics, type VariantPrompts, variantPrompts } from "./prompts.ts";
import type { RunModel } from "./record.ts";
import { type VariantRequest, variantRequest } from "./requests.ts";
import { checkRolling, rollingContext, rollingNote, rolls } from "./rolling.ts";

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
  const unpriced = [...models.values()].filter((model) => model.price === undefined);
  if (unpriced.length > 0) {
    throw new UserError(
      "unknown-price",
      `limits.maxCost cannot be kept: the price of ${unpriced.map((model) => model.id).join(", ")} is unknown`,
      "give its price (.layoutlab/prices.yaml, layoutlab.prices or --price), or limit maxCalls or maxTokens instead",
    );
  }
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

/** A server on this machine that speaks OpenAI's protocol may be a proxy of one that costs money. */
function isPassedOn({ id, facts, price }: RunModel): boolean {
  return facts.free && price !== undefined && isFree(price) && /^openai[:/]/.test(id);
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
    if (model.price === undefined) notes.push(`The price of ${model.id} is unknown: its cost is not counted.`);
    else if (experiment.limits.maxCost !== undefined && isPassedOn(model))
      notes.push(
        `${model.id} is asked from a server on this machine and counts as free: give its price with --price if that server passes the calls on to a paid one, or the budget will not stop the run.`,
      );
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
