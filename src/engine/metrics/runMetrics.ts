import { type Price, type PriceTable, priceOf } from "../plan/prices.ts";
import type { RequestStats, RunMeasures, VariantAggregate, VariantRecord } from "../store/store.ts";
import { quantile } from "./quantile.ts";

/** How the calls of a run went: the one set of figures that panels, the command line and exports show. */
export interface RunMetrics {
  /** Calls answered per second, and tokens of prompts and answers, from the first request to the last end; null before. */
  readonly throughput: { readonly callsPerSecond: number; readonly tokensPerSecond: number } | null;
  /** Milliseconds of measured calls: never cached or replayed ones, and without their wait in the queue. */
  readonly latency: Spread | null;
  /** Milliseconds from the send to the first piece of a streamed answer. */
  readonly firstToken: Spread | null;
  /** Milliseconds spent waiting for a slot, back-offs included. */
  readonly queueWait: Spread | null;
  readonly tokens: { readonly prompt: number; readonly completion: number; readonly cached: number };
  readonly savings: Savings;
  /** Requests that ended badly, by class. */
  readonly errors: Readonly<Record<string, number>>;
  readonly models: readonly ModelMetrics[];
  readonly taskTypes: readonly GroupMetrics[];
  /** Tool calls by tool; empty when no tools were offered. */
  readonly tools: Readonly<Record<string, number>>;
}

/** Milliseconds. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface Savings {
  /** Part of the prompt tokens that the providers' prefix caches served, in [0, 1]. */
  readonly cachedShare: number;
  /** US dollars those tokens cost less; null when a price is unknown. */
  readonly cachedCost: number | null;
  /** Answers taken from this product's own cache, and the tokens not sent for them. */
  readonly reusedAnswers: number;
  readonly reusedTokens: number;
}

export interface GroupMetrics {
  readonly name: string;
  readonly completed: number;
  readonly failed: number;
  /** In [0, 1]; null while nothing has ended. */
  readonly successRate: number | null;
}

export interface ModelMetrics extends GroupMetrics {
  /** Requests that wait or are under way. */
  readonly open: number;
  readonly latency: Spread | null;
  readonly firstToken: Spread | null;
}

/** Works the figures out of what the store counted. `prices` are the user's own, over the built-in table. */
export function runMetrics(
  from: {
    readonly variants: readonly VariantRecord[];
    readonly measures: RunMeasures;
    readonly stats: RequestStats;
    readonly aggregates: readonly VariantAggregate[];
  },
  prices: PriceTable = {},
): RunMetrics {
  const { variants, measures, stats, aggregates } = from;
  const modelOf = new Map(variants.map(({ index, model }) => [index, model]));
  const all = [...measures.calls.values()];
  const tokens = { prompt: 0, completion: 0, cached: 0 };
  for (const one of aggregates) {
    tokens.prompt += one.promptTokens;
    tokens.completion += one.completionTokens;
    tokens.cached += one.cachedTokens;
  }
  const calls = all.reduce((sum, one) => sum + one.latencyMs.length, 0);
  const { span, reused } = measures;
  const seconds = span === undefined ? 0 : (span.to - span.from) / 1000;
  const reusedTokens = reused.promptTokens + reused.completionTokens;
  const sent = tokens.prompt + tokens.completion - reusedTokens;
  return {
    throughput:
      seconds > 0 && calls > 0
        ? { callsPerSecond: calls / seconds, tokensPerSecond: Math.max(0, sent) / seconds }
        : null,
    latency: spread(all.map((one) => one.latencyMs)),
    firstToken: spread(all.map((one) => one.firstTokenMs)),
    queueWait: spread(all.map((one) => one.queuedMs)),
    tokens,
    savings: {
      cachedShare: tokens.prompt === 0 ? 0 : tokens.cached / tokens.prompt,
      cachedCost: cachedCost(measures, modelOf, prices),
      reusedAnswers: reused.answers,
      reusedTokens,
    },
    errors: stats.byErrorClass,
    models: stats.byModel.map(({ model, pending, processing, completed, failed, successRate }) => {
      const own = [...measures.calls].filter(([variant]) => modelOf.get(variant) === model).map(([, one]) => one);
      return {
        name: model,
        completed,
        failed,
        successRate: successRate ?? null,
        open: pending + processing,
        latency: spread(own.map((one) => one.latencyMs)),
        firstToken: spread(own.map((one) => one.firstTokenMs)),
      };
    }),
    taskTypes: stats.byTaskType.map(({ taskType, completed, failed, successRate }) => ({
      name: taskType,
      completed,
      failed,
      successRate: successRate ?? null,
    })),
    tools: measures.tools,
  };
}

/** Quantiles over several lists taken together; null when they are empty. */
export function spread(lists: readonly Float64Array[]): Spread | null {
  const ascending = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    ascending.set(list, at);
    at += list.length;
  }
  if (at === 0) return null;
  ascending.sort();
  const of = (p: number) => quantile(ascending, p);
  return { count: at, p50: of(0.5), p90: of(0.9), p95: of(0.95), p99: of(0.99), max: of(1) };
}

function cachedCost({ calls }: RunMeasures, modelOf: ReadonlyMap<number, string>, prices: PriceTable): number | null {
  let saved = 0;
  for (const [variant, { cachedTokens }] of calls) {
    // A judge's calls are no variant's.
    if (cachedTokens === 0 || !modelOf.has(variant)) continue;
    const price: Price | undefined = priceOf(modelOf.get(variant) ?? "", undefined, prices);
    if (price === undefined) return null;
    saved += (cachedTokens * (price.prompt - (price.cached ?? price.prompt))) / 1e6;
  }
  return saved;
}
