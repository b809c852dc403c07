import { quantile } from "../metrics/quantile.ts";
import type { Outcome } from "../response/outcome.ts";
import type { CircuitBreaker } from "./circuitBreaker.ts";
import type { Pool } from "./pool.ts";
import type { ModelSnapshot } from "./queue.ts";
import type { Turns } from "./turns.ts";

export type Trouble = Extract<Outcome, { readonly kind: "unavailable" | "rateLimited" }>;

/** What one model's work has come to, and what holds it. */
export interface ModelState {
  readonly id: string;
  readonly pools: readonly Pool[];
  readonly breaker: CircuitBreaker;
  /** Set when its group works one model at a time. */
  readonly turns: Turns | undefined;
  /** One object for each run, standing for the model's work in it. */
  readonly lanes: Map<string, object>;
  paused: boolean;
  /** Waiting and ready. */
  queued: number;
  /** Waiting for the end of a back-off. */
  backingOff: number;
  /** Share of failures among recent replies, and how many replies there were. */
  failureShare: number;
  replies: number;
  inFlight: number;
  /** The provider asked for quiet until then (monotonic). */
  closedUntil: number;
  /** Episodes of refusals since the last answer. One request goes ahead of the others after each that no known limit explains. */
  refusals: number;
  lastEpisodeAt: number;
  /** What the last request that failed or was refused led to. */
  lastTrouble: Trouble | undefined;
  /** Actual tokens divided by the estimate, averaged over recent replies. */
  tokenRatio: number;
  /** Number of the pump in which it was found shut: it is not asked again in the same one. */
  shutIn: number;
  sent: number;
  tokensSent: number;
  busyMs: number;
  shortestMs: number;
  /** Times of the latest answers, in no order. */
  readonly recentMs: number[];
  answers: number;
  succeeded: number;
  failed: number;
  retried: number;
}

export function newModel(id: string, parts: Pick<ModelState, "pools" | "breaker" | "turns">): ModelState {
  return {
    id,
    ...parts,
    lanes: new Map(),
    paused: false,
    queued: 0,
    backingOff: 0,
    failureShare: 0,
    replies: 0,
    inFlight: 0,
    closedUntil: Number.NEGATIVE_INFINITY,
    refusals: 0,
    lastEpisodeAt: Number.NEGATIVE_INFINITY,
    lastTrouble: undefined,
    tokenRatio: 1,
    shutIn: -1,
    sent: 0,
    tokensSent: 0,
    busyMs: 0,
    shortestMs: Number.POSITIVE_INFINITY,
    recentMs: [],
    answers: 0,
    succeeded: 0,
    failed: 0,
    retried: 0,
  };
}

/** Weight of a new reply in the share of failures. */
const failureLearning = 0.05;

export function countReply(model: ModelState, failed: boolean): void {
  model.replies++;
  model.failureShare += failureLearning * ((failed ? 1 : 0) - model.failureShare);
}

/** The model answers on the whole: a failure now and then is no reason to wait for its recovery. */
export function isWell(model: ModelState): boolean {
  return model.replies >= 20 && model.failureShare < 0.2 && model.breaker.kind === "closed";
}

/** Work that could go if its pools let it. */
export function readyWork(model: ModelState, now: number): number {
  return model.paused || model.breaker.kind !== "closed" || model.closedUntil > now ? 0 : model.queued;
}

/** So many answers show how quick a model is at present. */
const recentAnswers = 256;

export function countAnswer(model: ModelState, tookMs: number): void {
  model.recentMs[model.answers % recentAnswers] = tookMs;
  model.answers++;
}

export function snapshotOf(model: ModelState, now: number, weight: number | undefined): ModelSnapshot {
  const { id, queued, backingOff, inFlight, paused, breaker, sent, succeeded, failed, retried } = model;
  const circuit = breaker.kind;
  const times = model.recentMs.toSorted((a, b) => a - b);
  return {
    model: id,
    queued: queued + backingOff,
    inFlight,
    paused,
    circuit,
    circuitFreeInMs: circuit === "open" ? breaker.freeIn(now, 0) : undefined,
    weight,
    latency: times.length === 0 ? undefined : { p50: quantile(times, 0.5), p95: quantile(times, 0.95) },
    sent,
    succeeded,
    failed,
    retried,
  };
}
