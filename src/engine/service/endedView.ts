import type { PoolSnapshot } from "../queue/queue.ts";
import type { RunSummary, RunView } from "../runner/events.ts";
import type { DecidedRace } from "../runner/summary.ts";
import type { RunRecord } from "../store/store.ts";

/** The last picture of a run that is over, from what is stored of it. */
export function endedView({
  record,
  summary,
  races,
  trials,
  cost,
  pools,
}: {
  readonly record: RunRecord;
  readonly summary: RunSummary;
  readonly races: readonly DecidedRace[];
  /** Stored trials. */
  readonly trials: number;
  /** US dollars of the calls whose price is known. */
  readonly cost: number;
  /** As the queue was left; empty where another run came after. */
  readonly pools: readonly PoolSnapshot[];
}): RunView {
  const states = new Map(races.flatMap(({ sampler }) => sampler.variants().map((state) => [state.id, state] as const)));
  const { scope, confidence, equivalence, guaranteed } = summary.verdict;
  return {
    run: record.id,
    name: record.name,
    file: record.file,
    status: summary.status,
    mode: races[0]?.sampler.mode ?? "full",
    startedAt: record.createdAt,
    elapsedMs: summary.durationMs,
    examples: summary.examples,
    trialsPlanned: summary.examples * record.variants.length * Number(record.settings["repeats"] ?? 1),
    trialsDone: trials,
    requests: summary.requests,
    ratePerSecond: 0,
    inFlight: 0,
    cost: summary.variants.some((variant) => variant.cost === null) ? undefined : cost,
    tokens: summary.metrics.tokens,
    leftMs: 0,
    variants: summary.variants.map((variant, place) => ({
      index: record.variants.find(({ id }) => id === variant.id)?.index ?? place,
      id: variant.id,
      layout: variant.layout,
      model: variant.model,
      trials: variant.trials,
      correct: variant.correct,
      accuracy: variant.accuracy,
      interval: variant.interval,
      evidence: states.get(variant.id)?.evidence ?? 0,
      status: variant.status,
      reason: variant.reason,
      unreadable: variant.unparsable,
    })),
    question: { scope, confidence, equivalence, guaranteed },
    queue: { pools, stats: summary.queue },
    waiting: [],
    decisions: races.reduce((sum, { sampler }) => sum + sampler.decisions().length, 0),
    alerts: summary.alerts ?? [],
    stopReason: record.stopReason,
  };
}
