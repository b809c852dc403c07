import path from "node:path";
import type {
  CacheCoverage,
  CheckResult,
  Estimate,
  ExperimentOutline,
  PowerOptions,
  PreviewQuery,
  RunOptions,
  Source,
} from "../api.ts";
import type { Correction } from "../context/calibration.ts";
import { countError, isCorrected } from "../context/countError.ts";
import { encodingOf, loadTokenizer } from "../context/tokenizer.ts";
import { type PowerPlan, planPower } from "../decide/compare.ts";
import { builtinLayouts } from "../layout/builtin.ts";
import { metricsMean } from "../layout/metrics.ts";
import { costOf, priceOf, pricesAsOf } from "../plan/prices.ts";
import { expandVariants } from "../plan/variants.ts";
import { buildPreview, layoutAsText, type PreviewModel } from "../preview/preview.ts";
import { lowerBoundMs } from "../queue/lowerBound.ts";
import { type Design, design } from "../runner/design.ts";
import { withOptions } from "../runner/options.ts";
import { fitRow } from "../runner/prompts.ts";
import { mostRows } from "../runner/samplers.ts";
import { type DeclaredLayout, declareLayout, type Placing } from "../spec/declareLayout.ts";
import type { Diagnostic, Range } from "../spec/diagnostic.ts";
import {
  type Completion,
  completions,
  definition,
  type FileSymbol,
  type Hover,
  hover,
  type LanguageContext,
  type QuickFix,
  quickFixes,
  symbols,
} from "../spec/language.ts";
import type { LoadedExperiment } from "../spec/load.ts";
import { nearFiles } from "../spec/nearFiles.ts";
import { coverageNotes, coverageOf } from "./coverage.ts";
import type { Services } from "./deps.ts";
import { measuredDiscordance } from "./discordance.ts";
import { correctionOf, learnedWindow, machineOf } from "./machine.ts";
import type { Running } from "./running.ts";
import { InvalidExperiment, type Sources } from "./source.ts";

/** How long an answer is taken to need where nothing is known; only the shortest possible duration depends on it. */
const assumedLatencyMs = 1000;

/** Rows over which an estimate's tokens are averaged. */
const sampledRows = 200;

/** Everything about an experiment file that needs no run. */
export class Authoring {
  readonly #services: Services;
  readonly #sources: Sources;
  readonly #running: Running;

  constructor(services: Services, sources: Sources, running: Running) {
    this.#services = services;
    this.#sources = sources;
    this.#running = running;
  }

  async check(source: Source): Promise<CheckResult> {
    const loaded = await this.#sources.load(source);
    return { diagnostics: loaded.diagnostics, outline: outlineOf(loaded) };
  }

  async complete(p: Source & { readonly offset: number }): Promise<readonly Completion[]> {
    const loaded = await this.#sources.load(p);
    const files = await nearFiles(this.#sources.files(p.file));
    return completions(loaded.parsed, p.offset, { ...languageContext(loaded), files });
  }

  async hover(p: Source & { readonly offset: number }): Promise<Hover | undefined> {
    const loaded = await this.#sources.load(p);
    return hover(loaded.parsed, p.offset, languageContext(loaded));
  }

  async symbols(source: Source): Promise<readonly FileSymbol[]> {
    return symbols((await this.#sources.load(source)).parsed);
  }

  async quickFixes(p: Source & { readonly diagnostic: Diagnostic }): Promise<readonly QuickFix[]> {
    return quickFixes((await this.#sources.load(p)).parsed, p.diagnostic);
  }

  async definition(
    p: Source & { readonly offset: number },
  ): Promise<{ readonly file: string; readonly range: Range } | undefined> {
    const link = definition((await this.#sources.load(p)).parsed, p.offset);
    return link && { file: path.resolve(path.dirname(p.file), link.path), range: link.range };
  }

  async preview(p: Source & PreviewQuery): Promise<PreviewModel> {
    const loaded = await this.#sources.load(p);
    const { experiment, dataset } = loaded;
    // A file that is being typed often has an error somewhere else: whatever can be shown is shown.
    if (experiment === undefined || dataset === undefined || dataset.examples.length === 0)
      throw new InvalidExperiment(loaded);
    const model = p.model ?? experiment.models[0];
    if (model !== undefined) await loadTokenizer(model);
    const windowTokens = model === undefined ? undefined : await learnedWindow(this.#services, model);
    const prices = { ...this.#services.deps.prices, ...(await this.#sources.prices(p.file))?.prices };
    const { output } = experiment.prompt;
    return buildPreview(
      {
        experiment,
        labels: output.labels === "auto" ? dataset.labels : output.labels,
        demonstrations: loaded.demonstrations,
        examples: dataset.examples,
      },
      {
        layout: p.layout === "" ? (experiment.layouts[0]?.name ?? "standard") : p.layout,
        example: Math.min(Math.max(0, p.example), dataset.examples.length - 1),
        ...(p.exampleId === undefined ? {} : { exampleId: p.exampleId }),
        ...(p.hop === undefined ? {} : { hop: p.hop }),
        ...(model === undefined ? {} : { model }),
        ...(p.parameters === undefined ? {} : { parameters: p.parameters }),
        ...(windowTokens === undefined ? {} : { windowTokens }),
        counts: model === undefined ? undefined : await correctionOf(this.#services, model),
        systemRole: model === undefined || !/^vscode[:/]/.test(model),
        price: (id) => priceOf(id, { free: isFree(id) }, prices),
        locate: (part) => loaded.parsed.locate(["prompt", part]),
      },
    );
  }

  async previewText(p: Source & PreviewQuery): Promise<string> {
    return layoutAsText(await this.preview(p));
  }

  async declareLayout(p: Source & { readonly from: string; readonly placing: Placing }): Promise<DeclaredLayout> {
    const loaded = await this.#sources.load(p);
    if (loaded.experiment === undefined) throw new InvalidExperiment(loaded);
    return declareLayout(loaded.parsed, loaded.experiment.layouts, p.from, p.placing);
  }

  async estimate(p: Source & RunOptions & { readonly power?: PowerOptions }): Promise<Estimate> {
    const loaded = await this.#sources.ready(p);
    const providers = this.#running.providers(p.file);
    try {
      const planned = await design(loaded, p, {
        providers,
        prices: await this.#sources.priceTable(p.file, p.prices),
        machine: machineOf(this.#services),
      });
      const { experiment, dataset, variants, prompts, models, answerTokens } = planned;
      const { repeats } = experiment.sampling;
      const rows = mostRows(experiment, dataset.examples.length);
      const sample = dataset.examples.slice(0, sampledRows);
      const corrections = new Map<string, Correction | undefined>();
      const countNotes: string[] = [];
      for (const [id, { facts }] of models) {
        corrections.set(id, await correctionOf(this.#services, id));
        const error = countError(encodingOf(id) !== undefined, corrections.get(id));
        if (error !== undefined && !facts.replayed) countNotes.push(`Tokens of ${id}: ${error}.`);
      }
      const coverage = await coverageOf(this.#services.store, planned, p.file);
      const heldOf = new Map(
        coverage.variants.map(({ id, answers, cached }) => [id, answers === 0 ? 0 : cached / answers]),
      );
      const perVariant = prompts.map((own) => {
        const { variant } = own;
        const model = models.get(variant.model);
        if (model === undefined) throw new Error(`no model ${variant.model}`);
        const packed = planned.packed.get(variant.index);
        const size = packed?.size ?? 1;
        let tokens = 0;
        for (let at = 0; packed !== undefined && at < sample.length; at += size)
          tokens += packed.tokens(packed.assemble(sample.slice(at, at + size)));
        for (const example of packed === undefined ? sample : []) {
          tokens += fitRow(own, example, experiment.context.trim).tokens;
        }
        const correction = corrections.get(variant.model);
        const ratio = !own.counter.tokenizer.exact && isCorrected(correction) ? correction.ratio : 1;
        const promptTokens = (tokens / Math.max(1, sample.length)) * planned.hops.length * ratio;
        const metrics = planned.metrics[variant.index] ?? metricsMean().mean();
        const cost = model.price && costOf(model.price, { prompt: promptTokens, completion: answerTokens });
        // A chain may end earlier; what later hops take is guessed from the first.
        const calls = Math.ceil(rows / size) * repeats * planned.hops.length;
        const held = heldOf.get(variant.id) ?? 0;
        return { variant, model, promptTokens, cacheablePrefix: metrics?.cacheablePrefix ?? 0, cost, calls, held };
      });
      const calls = perVariant.reduce((sum, one) => sum + one.calls, 0);
      const answered = rows * variants.length * repeats;
      const cachedCalls = Math.round(perVariant.reduce((sum, one) => sum + one.calls * one.held, 0));
      const share = calls === 0 ? 1 : 1 - cachedCalls / calls;
      // A price that does not reach to prompts as long as these is none.
      const unpriced = [
        ...new Set(perVariant.flatMap(({ model, cost: known }) => (known === undefined ? [model.id] : []))),
      ];
      const cost =
        unpriced.length > 0
          ? null
          : perVariant.reduce((sum, one) => sum + (one.cost ?? 0) * rows * repeats * (1 - one.held), 0);
      const promptTotal = perVariant.reduce((sum, one) => sum + one.promptTokens * rows * repeats, 0);
      return {
        schema: "layoutlab/estimate@1",
        name: experiment.name,
        examples: rows,
        variants: perVariant.map((one) => ({
          id: one.variant.id,
          layout: one.variant.layout,
          model: one.variant.model,
          promptTokens: Math.round(one.promptTokens),
          completionTokens: answerTokens,
          cacheablePrefix: one.cacheablePrefix,
          cost: one.cost === undefined ? null : one.cost * rows * repeats,
        })),
        calls,
        cachedCalls,
        tokens: { prompt: Math.round(promptTotal), completion: answerTokens * answered },
        cost,
        unpriced,
        coverage,
        ...(p.power === undefined ? {} : { power: await this.#power(p.file, planned, p.power) }),
        shortestMs: shortest(planned, calls - cachedCalls, (promptTotal + answerTokens * answered) * share),
        notes: [
          ...planned.notes,
          ...countNotes,
          ...(experiment.sampling.mode === "adaptive"
            ? ["This is the full grid; an adaptive run usually stops well before it."]
            : []),
          ...coverageNotes(coverage),
          ...(cost === null || cost === 0
            ? []
            : [`Prices are those of ${pricesAsOf}; give your own with --price where they differ.`]),
          `The shortest duration takes each answer to need ${assumedLatencyMs / 1000} s.`,
        ],
      };
    } finally {
      await providers.close();
    }
  }

  async coverage(p: Source & RunOptions): Promise<CacheCoverage> {
    const loaded = await this.#sources.ready(p);
    const providers = this.#running.providers(p.file);
    try {
      // What it costs does not matter here.
      const planned = await design(loaded, p, { providers, prices: {}, machine: machineOf(this.#services) });
      return await coverageOf(this.#services.store, planned, p.file);
    } finally {
      await providers.close();
    }
  }

  async #power(file: string, { experiment, dataset, variants }: Design, { effect }: PowerOptions): Promise<PowerPlan> {
    const measured = await measuredDiscordance(this.#services.store, file);
    return planPower({
      rows: dataset.examples.length,
      confidence: experiment.sampling.confidence,
      // Tested at the end, the best is held against every other variant of its model.
      comparisons: Math.max(1, variants.length / Math.max(1, experiment.models.length) - 1),
      ...(measured === undefined ? {} : { discordance: measured.discordance, measuredIn: measured.run }),
      ...(effect === undefined ? {} : { effect }),
    });
  }
}

/** The exact bound of the tightest pool, were every answer to take the assumed latency. */
function shortest(planned: Awaited<ReturnType<typeof design>>, calls: number, tokens: number): number {
  const { limits } = planned.experiment;
  if ([...planned.models.values()].every((model) => model.facts.replayed)) return 0;
  const load = { requests: calls, tokens, latencyMs: assumedLatencyMs, busyMs: calls * assumedLatencyMs };
  const bounds = limits.pools.map((pool) =>
    lowerBoundMs(load, {
      requests: pool.requestsPerMinute,
      tokens: pool.tokensPerMinute,
      windowMs: pool.window,
      kind: pool.kind ?? "fixed",
      concurrency: pool.concurrency,
    }),
  );
  return Math.round(Math.max(assumedLatencyMs, ...bounds));
}

function isFree(model: string): boolean {
  return /^(builtin|replay|ollama)[:/]/.test(model);
}

function languageContext(loaded: LoadedExperiment): LanguageContext {
  return {
    columns: loaded.dataset?.columns ?? [],
    ...(loaded.dataset?.examples[0] === undefined ? {} : { sample: loaded.dataset.examples[0].fields }),
    layouts: builtinLayouts.map(({ name, description }) => ({ name, description })),
  };
}

function outlineOf(loaded: LoadedExperiment): ExperimentOutline | undefined {
  const { experiment, dataset, parsed } = loaded;
  if (experiment === undefined) return undefined;
  const variants = expandVariants(withOptions(experiment, {})).length;
  const examples = dataset?.examples.length ?? 0;
  return {
    name: experiment.name,
    layouts: experiment.layouts.map((layout, i) => ({ name: layout.name, range: parsed.locate(["layouts", i]) })),
    models: experiment.models.map((id, i) => ({ id, range: parsed.locate(["models", i]) })),
    variants,
    examples,
    columns: dataset?.columns ?? [],
    labels: dataset?.labels ?? [],
    trials: variants * examples * experiment.sampling.repeats,
    nameRange: parsed.locate(["name"], "key"),
    layoutsRange: parsed.locate(["layouts"], "key"),
    modelsRange: parsed.locate(["models"], "key"),
  };
}
