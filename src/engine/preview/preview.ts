import { UserError } from "../../base/errors.ts";
import type { Correction } from "../context/calibration.ts";
import { countError } from "../context/countError.ts";
import { counterFor, framing, type TokenCounter } from "../context/tokenizer.ts";
import { type Fitted, fitPrompt } from "../context/trim.ts";
import { knownWindow, promptBudget } from "../context/window.ts";
import type { Example } from "../dataset/example.ts";
import { compileVariantPrompts, type LayoutSource } from "../layout/compile.ts";
import type { LayoutMetrics } from "../layout/layout.ts";
import { layoutMetrics, prefixEnd, tokensByPart } from "../layout/metrics.ts";
import { expectedAnswerTokens } from "../layout/output.ts";
import type { RenderedLayout } from "../layout/render.ts";
import { hopPrompt, withAnswers } from "../packing/chain.ts";
import { costOf, type Price, servedFromCache } from "../plan/prices.ts";
import { foldPrompt } from "../prompt/foldSystem.ts";
import { type Prompt, toMessages } from "../prompt/prompt.ts";
import type { Placing } from "../spec/declareLayout.ts";
import type { Range } from "../spec/diagnostic.ts";
import {
  type ContextSpec,
  type Experiment,
  type HopSpec,
  type LayoutSpec,
  type PartName,
  partNames,
  type Scalar,
  type Style,
} from "../spec/experiment.ts";
import { type PackedPrompt, packedPrompt } from "./pack.ts";
import { type PreviewMessage, previewMessages } from "./pieces.ts";
import { placingOf } from "./placing.ts";

/** One assembled prompt as a person looks at it. Plain JSON. */
export interface PreviewModel {
  readonly schema: "layoutlab/preview@1";
  readonly layout: string;
  readonly description: string;
  readonly style: Style;
  /** All that can be shown instead, in the file's order. */
  readonly layouts: readonly string[];
  readonly model: string | undefined;
  readonly models: readonly string[];
  readonly parameters: Readonly<Record<string, Scalar>>;
  readonly example: PreviewExample;
  /** The whole prompt; what was trimmed away is marked. */
  readonly messages: readonly PreviewMessage[];
  readonly tokens: PreviewTokens;
  readonly prefix: PreviewPrefix;
  /** Of the prompt as sent. */
  readonly metrics: LayoutMetrics;
  readonly cost: PreviewCost;
  readonly trim: PreviewTrim;
  /** The messages as sent, when something was trimmed; otherwise they are the pieces joined. */
  readonly sent: readonly { readonly role: string; readonly content: string }[] | undefined;
  /** Where each part is written in the experiment file. */
  readonly places: Readonly<Partial<Record<PartName, Range>>>;
  /** What a declared layout would say to come out like this one. */
  readonly placing: Placing;
  /** Set where the request carries several examples, this one among them. */
  readonly pack?: PreviewPack;
  /** Set where each example is asked several questions in turn. */
  readonly chain?: PreviewChain;
}

export interface PreviewPack {
  /** Number under which this example stands in the request, from 1. */
  readonly number: number;
  /** The examples of the request, in the order of their numbers. */
  readonly members: readonly { readonly index: number; readonly id: string }[];
}

export interface PreviewChain {
  /** Which question this is, from 0. */
  readonly hop: number;
  readonly hops: readonly { readonly id: string; readonly stopWhen: string | undefined }[];
}

export interface PreviewExample {
  /** Place in the dataset as loaded, from 0. */
  readonly index: number;
  readonly count: number;
  readonly id: string;
  /** 1-based line of the dataset file. */
  readonly line: number;
  readonly expected: string | undefined;
}

export interface PreviewTokens {
  /** The whole request as sent: texts and what frames messages. */
  readonly total: number;
  readonly framing: number;
  readonly system: number;
  readonly user: number;
  readonly byPart: Readonly<Partial<Record<PartName, number>>>;
  /** False when the counts are estimates. */
  readonly exact: boolean;
  readonly tokenizer: string;
  /** What an estimate is worth, a clause; undefined when the counts are exact. */
  readonly error: string | undefined;
}

export interface PreviewPrefix {
  /** Leading tokens that are the same for every example. */
  readonly tokens: number;
  /** Of the prompt's texts, in [0, 1]. */
  readonly share: number;
  /** The first piece after the prefix, in `messages`; `message` is their number when all is fixed. */
  readonly end: { readonly message: number; readonly piece: number };
}

export type PreviewCost =
  | {
      readonly kind: "known";
      /** US dollars for one call when nothing is cached. */
      readonly call: number;
      /** US dollars for one call when the provider has the prefix in its cache. */
      readonly cachedCall: number;
      readonly cachedTokens: number;
      /** A guess that both include. */
      readonly answerTokens: number;
    }
  | { readonly kind: "unknown"; readonly reason: string };

export interface PreviewTrim {
  readonly budget: number | undefined;
  readonly before: number;
  readonly fits: boolean;
  readonly demonstrationsDropped: number;
  readonly contextDropped: number;
  /** One sentence; undefined when nothing was dropped and everything fits. */
  readonly summary: string | undefined;
}

/** What a preview needs of a loaded experiment. */
export interface PreviewSource extends LayoutSource {
  readonly experiment: LayoutSource["experiment"] & {
    readonly models: readonly string[];
    readonly context: Pick<ContextSpec, "maxTokens" | "trim">;
    readonly parameters: Readonly<Record<string, readonly Scalar[]>>;
    readonly chain?: readonly HopSpec[];
    readonly packing?: Experiment["packing"];
    readonly tools?: Experiment["tools"];
    readonly sampling?: Pick<Experiment["sampling"], "seed">;
  };
  readonly examples: readonly Example[];
}

export interface PreviewOptions {
  readonly layout: string;
  /** Place of the example, from 0; `exampleId` comes before it. */
  readonly example?: number;
  readonly exampleId?: string;
  /** Which question of a chain, from 0. */
  readonly hop?: number;
  /** Default: the experiment's first. */
  readonly model?: string;
  /** Default: the first value of each. */
  readonly parameters?: Readonly<Record<string, Scalar>>;
  /** Undefined means that the price is not known. */
  readonly price?: (modelId: string) => Price | undefined;
  /** What the provider says about the model, or what was learned about it; the published window otherwise. */
  readonly windowTokens?: number;
  /** What the model's own reports say of such estimates. */
  readonly counts?: Correction | undefined;
  /** False where the model has no system role, so that the system's text heads the first user message. */
  readonly systemRole?: boolean;
  readonly locate?: (part: PartName) => Range | undefined;
}

/** The prompt of one layout for one example, as it is sent. Throws a `UserError` for a layout or example that is not there. */
export function buildPreview(given: PreviewSource, options: PreviewOptions): PreviewModel {
  const index = exampleIndex(given, options);
  const { source, chain, seenAs } = hopOf(given, options.hop);
  const { experiment } = source;
  const example = seenAs(source.examples[index] as Example);
  const model = options.model ?? experiment.models[0];
  const parameters = { ...firstValues(experiment.parameters), ...options.parameters };
  const chosen = compiled(source, options.layout, parameters);
  const layout = chosen.layoutFor?.(example) ?? chosen;
  const counter = counterFor(model);
  const answerTokens = expectedAnswerTokens(experiment.prompt.output, source.labels, counter.text);
  const budget = promptBudget({
    maxTokens: experiment.context.maxTokens,
    windowTokens: options.windowTokens ?? (model === undefined ? undefined : knownWindow(model)),
    answerTokens,
  });
  const packed = packedPrompt(source, {
    layout: options.layout,
    parameters,
    model,
    index,
    seed: experiment.sampling?.seed ?? 0,
    segmentsPerRequest: experiment.packing?.segmentsPerRequest ?? 1,
    tools: experiment.tools?.length ?? 0,
    budget,
    count: counter.prompt,
    seenAs,
  });
  const fitted =
    packed === undefined
      ? fitPrompt(layout, example, { budget, trim: experiment.context.trim, count: counter.prompt })
      : uncutPrompt(packed.prompt, counter.prompt(packed.prompt), budget);
  const asSent = options.systemRole === false ? foldPrompt : (prompt: Prompt) => prompt;
  const whole = asSent(packed?.prompt ?? layout.assemble(example));
  const prompt = asSent(fitted.prompt);
  const trimmed = fitted.report.after < fitted.report.before;
  const metrics = layoutMetrics(prompt, counter.piece);
  const prefixTokens = Math.round(metrics.cacheablePrefix * metrics.promptTokens);
  const answers = answerTokens * (packed?.members.length ?? 1);
  return {
    schema: "layoutlab/preview@1",
    layout: layout.arrangement.name,
    description: layout.arrangement.description,
    style: layout.arrangement.style,
    layouts: experiment.layouts.map((each) => each.name),
    model,
    models: experiment.models,
    parameters,
    example: { index, count: source.examples.length, id: example.id, line: example.line, expected: example.expected },
    messages: previewMessages(whole, fitted, layout.leastUsefulFirst, counter.piece),
    tokens: tokensOf(prompt, metrics, counter, options.counts),
    prefix: { tokens: prefixTokens, share: metrics.cacheablePrefix, end: prefixEnd(whole) },
    metrics,
    cost: costOfCall(model, options.price, fitted.report.after, prefixTokens, answers),
    trim: trimOf(fitted),
    sent: trimmed ? toMessages(prompt) : undefined,
    places: placesOf(options.locate),
    placing: placingOf(layout.arrangement, source, layout.assemble(example)),
    ...(packed === undefined ? {} : { pack: packOf(packed, source, index) }),
    ...(chain === undefined ? {} : { chain }),
  };
}

/** The experiment as the question asks it. What earlier questions will be answered is not known yet: their names stand for it. */
function hopOf(
  given: PreviewSource,
  wanted = 0,
): {
  readonly source: PreviewSource;
  readonly chain: PreviewChain | undefined;
  readonly seenAs: (example: Example) => Example;
} {
  const hops = given.experiment.chain ?? [];
  const hop = Math.min(Math.max(0, Math.trunc(wanted)), hops.length - 1);
  const spec = hops[hop];
  if (spec === undefined) return { source: given, chain: undefined, seenAs: (example) => example };
  const earlier = hops.slice(0, hop).map(({ id }) => ({ id, answer: `‹${id}›` }));
  const { prompt, labels } = hopPrompt(given, spec);
  return {
    source: { ...given, labels, experiment: { ...given.experiment, prompt } },
    chain: { hop, hops: hops.map(({ id, stopWhen }) => ({ id, stopWhen })) },
    seenAs: (example) => withAnswers(example, earlier),
  };
}

/** A packed prompt is never trimmed: where it is too long it becomes two. */
function uncutPrompt(prompt: Prompt, tokens: number, budget: number | undefined): Fitted {
  return {
    prompt,
    cut: {},
    report: {
      before: tokens,
      after: tokens,
      budget,
      fits: true,
      demonstrations: { dropped: 0, of: 0 },
      context: [],
    },
  };
}

function packOf({ members }: PackedPrompt, { examples }: PreviewSource, index: number): PreviewPack {
  return {
    number: members.indexOf(index) + 1,
    members: members.map((at) => ({ index: at, id: examples[at]?.id ?? "" })),
  };
}

/** The same example under several layouts, by default all of the experiment. A layout that does not resolve throws. */
export function previewAll(
  source: PreviewSource,
  options: Omit<PreviewOptions, "layout"> & { readonly layouts?: readonly string[] },
): PreviewModel[] {
  const names = options.layouts ?? source.experiment.layouts.map((each) => each.name);
  return names.map((layout) => buildPreview(source, { ...options, layout }));
}

/** A prompt as plain text, each message under a line with its role: what a diff compares and a terminal prints. */
export function layoutAsText(preview: Pick<PreviewModel, "messages" | "sent">): string {
  const messages =
    preview.sent ??
    preview.messages.map(({ role, pieces }) => ({ role, content: pieces.map((piece) => piece.text).join("") }));
  return messages.map(({ role, content }) => `──── ${role} ────\n${content}\n`).join("\n");
}

function exampleIndex(source: PreviewSource, options: PreviewOptions): number {
  const { examples } = source;
  if (examples.length === 0) {
    throw new UserError("no-examples", "the dataset has no rows to show", "add rows or loosen dataset.filter");
  }
  if (options.exampleId !== undefined) {
    const found = examples.findIndex((each) => each.id === options.exampleId);
    if (found >= 0) return found;
    throw new UserError(
      "unknown-example",
      `no row has the id ${options.exampleId}`,
      "use the id of a row of the dataset",
    );
  }
  const wanted = Math.trunc(options.example ?? 0);
  // A dataset that became shorter while its preview was open shows its last row.
  return Math.min(Math.max(0, wanted), examples.length - 1);
}

function compiled(source: PreviewSource, name: string, parameters: Readonly<Record<string, Scalar>>): RenderedLayout {
  const listed = source.experiment.layouts.find((each) => each.name === name);
  const spec: LayoutSpec = listed ?? { kind: "named", name };
  const result = compileVariantPrompts(source, spec, parameters);
  if (result.kind === "problem") throw new UserError(result.code, result.message, result.action);
  return result.layout;
}

function firstValues(parameters: Readonly<Record<string, readonly Scalar[]>>): Record<string, Scalar> {
  const first: Record<string, Scalar> = {};
  for (const [name, [value]] of Object.entries(parameters)) if (value !== undefined) first[name] = value;
  return first;
}

function tokensOf(
  prompt: Prompt,
  metrics: LayoutMetrics,
  counter: TokenCounter,
  counts: Correction | undefined,
): PreviewTokens {
  const frames = framing.perRequest + framing.perMessage * prompt.messages.length;
  return {
    total: metrics.promptTokens + frames,
    framing: frames,
    system: metrics.systemTokens,
    user: metrics.userTokens,
    byPart: tokensByPart(prompt.messages, counter.piece),
    exact: counter.tokenizer.exact,
    tokenizer: counter.tokenizer.name,
    error: countError(counter.tokenizer.exact, counts),
  };
}

function costOfCall(
  model: string | undefined,
  price: PreviewOptions["price"],
  prompt: number,
  prefix: number,
  completion: number,
): PreviewCost {
  if (model === undefined) return { kind: "unknown", reason: "no model is chosen" };
  const known = price?.(model);
  if (known === undefined) return { kind: "unknown", reason: `the price of ${model} is not known` };
  const cachedTokens = known.cached === undefined ? 0 : servedFromCache(prefix);
  const call = costOf(known, { prompt, completion });
  const cachedCall = costOf(known, { prompt, cached: cachedTokens, completion });
  if (call === undefined || cachedCall === undefined) {
    return {
      kind: "unknown",
      reason: `the price of ${model} holds up to ${known.upTo} tokens, and this prompt is longer`,
    };
  }
  return { kind: "known", call, cachedCall, cachedTokens, answerTokens: completion };
}

function trimOf({ report }: Fitted): PreviewTrim {
  const demonstrationsDropped = report.demonstrations.dropped;
  const contextDropped = report.context.length;
  const parts: string[] = [];
  if (demonstrationsDropped > 0) parts.push(`${demonstrationsDropped} of ${report.demonstrations.of} examples`);
  if (contextDropped > 0) parts.push(`${contextDropped} sentence${contextDropped === 1 ? "" : "s"} of the context`);
  const summary = !report.fits
    ? `${report.before} tokens do not fit into ${report.budget}, whatever may be dropped`
    : parts.length > 0
      ? `left out to fit ${report.budget} tokens: ${parts.join(" and ")}`
      : undefined;
  return {
    budget: report.budget,
    before: report.before,
    fits: report.fits,
    demonstrationsDropped,
    contextDropped,
    summary,
  };
}

function placesOf(locate: PreviewOptions["locate"]): Partial<Record<PartName, Range>> {
  const places: Partial<Record<PartName, Range>> = {};
  for (const part of partNames) {
    const range = locate?.(part);
    if (range !== undefined) places[part] = range;
  }
  return places;
}
