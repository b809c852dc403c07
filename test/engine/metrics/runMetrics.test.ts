import { describe, expect, it } from "vitest";
import { runMetrics, spread } from "../../../src/engine/metrics/runMetrics.ts";
import type { RequestStats, RunMeasures, VariantAggregate } from "../../../src/engine/store/store.ts";

const variants = [
  { index: 0, id: "standard/openai:gpt-4.1-mini", layout: "standard", model: "openai:gpt-4.1-mini", parameters: {} },
  { index: 1, id: "standard/ollama:x", layout: "standard", model: "ollama:x", parameters: {} },
];
const aggregate = (variant: number, more: Partial<VariantAggregate> = {}): VariantAggregate => ({
  variant,
  trials: 2,
  scored: 2,
  unparsable: 0,
  failed: 0,
  void: 0,
  scoreSum: 1,
  promptTokens: 2000,
  completionTokens: 10,
  cachedTokens: 0,
  cost: 0,
  fromCache: 0,
  ...more,
});
const measures: RunMeasures = {
  calls: new Map([
    [
      0,
      {
        latencyMs: Float64Array.of(300, 100),
        firstTokenMs: Float64Array.of(40),
        queuedMs: Float64Array.of(0, 10),
        cachedTokens: 1_000_000,
      },
    ],
    [
      1,
      {
        latencyMs: Float64Array.of(200),
        firstTokenMs: new Float64Array(),
        queuedMs: Float64Array.of(5),
        cachedTokens: 0,
      },
    ],
  ]),
  span: { from: 1_000, to: 3_000 },
  reused: { answers: 1, promptTokens: 990, completionTokens: 10 },
  tools: { look: 2 },
};
const stats: RequestStats = {
  byStatus: { pending: 1, processing: 1, completed: 3, failed: 1 },
  byModel: [
    { model: "ollama:x", pending: 0, processing: 0, completed: 1, failed: 1, successRate: 0.5 },
    { model: "openai:gpt-4.1-mini", pending: 1, processing: 1, completed: 2, failed: 0, successRate: 1 },
  ],
  byTaskType: [{ taskType: "label", completed: 3, failed: 1, successRate: 0.75 }],
  byErrorClass: { unavailable: 1 },
  oldestPendingAt: undefined,
};

describe("the metrics of a run", () => {
  const metrics = runMetrics({ variants, measures, stats, aggregates: [aggregate(0), aggregate(1)] });

  it("take every measured call together, and each model's apart", () => {
    expect(metrics.latency).toMatchObject({ count: 3, p50: 200, max: 300 });
    expect(metrics.firstToken).toMatchObject({ count: 1, p50: 40 });
    expect(metrics.queueWait).toMatchObject({ count: 3, p50: 5 });
    expect(metrics.models).toMatchObject([
      { name: "ollama:x", open: 0, successRate: 0.5, latency: { p50: 200 }, firstToken: null },
      { name: "openai:gpt-4.1-mini", open: 2, successRate: 1, latency: { p50: 200, count: 2 } },
    ]);
    expect(metrics.taskTypes).toEqual([{ name: "label", completed: 3, failed: 1, successRate: 0.75 }]);
  });

  it("count throughput by calls, without tokens that were not sent", () => {
    expect(metrics.throughput).toEqual({ callsPerSecond: 1.5, tokensPerSecond: (4020 - 1000) / 2 });
  });

  it("price what a provider's cache served, or say that it cannot be told", () => {
    // 0.40 less 0.10 dollars a million.
    expect(metrics.savings.cachedCost).toBeCloseTo(0.3);
    const unknown = { ...variants[0], index: 0, model: "openai:unheard-of" } as (typeof variants)[number];
    const other = runMetrics({ variants: [unknown], measures, stats, aggregates: [aggregate(0)] });
    expect(other.savings.cachedCost).toBeNull();
    const own = runMetrics(
      { variants: [unknown], measures, stats, aggregates: [aggregate(0)] },
      { "openai:unheard-of": { prompt: 2, cached: 1, completion: 3 } },
    );
    expect(own.savings.cachedCost).toBe(1);
  });

  it("are empty for a run that has not asked yet", () => {
    const none = runMetrics({
      variants,
      measures: {
        calls: new Map(),
        span: undefined,
        reused: { answers: 0, promptTokens: 0, completionTokens: 0 },
        tools: {},
      },
      stats: { ...stats, byModel: [], byTaskType: [], byErrorClass: {} },
      aggregates: [],
    });
    expect(none).toMatchObject({ throughput: null, latency: null, firstToken: null, savings: { cachedShare: 0 } });
  });

  it("have no spread of nothing", () => {
    expect(spread([new Float64Array()])).toBeNull();
  });
});
