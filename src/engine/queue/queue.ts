import type { Event } from "../../base/event.ts";
import type { Reply } from "../response/outcome.ts";

/**
 * When may it be sent? The queue is given work as thunks and runs each when every limit allows: the pool's window, tokens and
 * concurrency, the model's breaker, a pause. It is the only layer of the product that retries. It knows no provider and no
 * store; a reply's outcome and limit report are all it learns from.
 */
export interface Queue {
  /** Waits for a slot, sends, retries what can be helped, and resolves with the last reply. Never rejects for an outcome; an abort resolves with `cancelled`. */
  add(task: Task, signal: AbortSignal): Promise<Settled>;
  /** Why each model's work waits, oldest first. */
  waiting(): readonly Waiting[];
  snapshot(): QueueSnapshot;
  /** How long the limits let so many more requests, by model, take at least, in ms; 0 when none holds them back. */
  leastMs(requests: ReadonlyMap<string, number>): number;
  pause(model: string): void;
  resume(model: string): void;
  /** Closes a model's circuit, whatever it has seen: its work may be sent at once. */
  reset(model: string): void;
  /** Changes limits while a run is going; recorded with the reason `retuned`. */
  retune(pool: string, change: Partial<PoolLimits>): void;
  readonly onChange: Event<QueueChange>;
  /** Lets what is in flight finish; resolves when nothing is in flight and nothing waits. After `dispose`: when local models are unloaded. */
  idle(): Promise<void>;
  /** Cancels what waits and what is in flight, and unloads local models. */
  dispose(): void;
}

export interface Task {
  /** Full model id. */
  readonly model: string;
  readonly run: string;
  readonly variant: string;
  /** Expected tokens of prompt and answer, for tokens-per-minute limits; corrected by the reply's usage. */
  readonly tokens: number;
  /** How many slots this task's run gets beside other runs; default 1. The first task of a run decides. */
  readonly share?: number;
  /** Called once per attempt, when a slot is free. */
  send(attempt: Sending): Promise<SentReply>;
}

/** What a task is given to send itself once. */
export interface Sending {
  readonly number: number;
  /** Carries the caller's abort and the attempt's timeout. */
  readonly signal: AbortSignal;
  /** To be called when the request goes out on the line, where that can be told: until then it has only waited in here. */
  left(): void;
}

/** A reply as the queue takes it. */
export interface SentReply extends Reply {
  /** True when nothing was sent after all (a cache or another call had the answer): it uses no slot and teaches nothing. */
  readonly cached?: boolean;
  /** True when the sender has removed the cause of the failure: it is sent again at once, costs no retry and teaches nothing. */
  readonly mended?: boolean;
}

export interface Settled {
  readonly reply: Reply;
  /** Sends made; 0 when it was cancelled while it waited. */
  readonly attempts: number;
  /** Time spent waiting for slots, back-offs included, in ms. */
  readonly queuedMs: number;
  /** True when the queue gave its model up (circuit hopeless, refused too often): the reply is the model's last trouble, not this task's. */
  readonly gaveUp?: boolean;
}

/** How a server counts: in windows of its own clock, over the last window's length, or by an even refill. */
export type WindowKind = "fixed" | "sliding" | "bucket";

export interface PoolLimits {
  /** Per window; undefined is unlimited. */
  readonly requests: number | undefined;
  readonly tokens: number | undefined;
  readonly windowMs: number;
  readonly kind: WindowKind;
  readonly concurrency: number | undefined;
}

export type WaitReason =
  | { readonly kind: "requests"; readonly pool: string; readonly freeInMs: number }
  | { readonly kind: "tokens"; readonly pool: string; readonly freeInMs: number }
  | { readonly kind: "concurrency"; readonly pool: string; readonly inFlight: number }
  | { readonly kind: "retryAfter"; readonly freeInMs: number }
  | { readonly kind: "backoff"; readonly freeInMs: number }
  | { readonly kind: "circuitOpen"; readonly freeInMs: number }
  | { readonly kind: "paused" }
  | { readonly kind: "otherModelLoaded"; readonly model: string };

export interface Waiting {
  readonly model: string;
  readonly count: number;
  readonly reason: WaitReason;
}

export interface QueueChange {
  /** Wall time, in ms since the epoch. */
  readonly at: number;
  /** The model it concerns, or the id of a pool when it concerns all of its models. */
  readonly model: string;
  readonly what: string;
  readonly reason: string;
}

export interface QueueSnapshot {
  readonly pools: readonly PoolSnapshot[];
  readonly stats: QueueStats;
}

export interface PoolSnapshot {
  readonly id: string;
  readonly limits: PoolLimits;
  /** What headers taught, when they did. */
  readonly learned: Partial<PoolLimits>;
  readonly inFlight: number;
  /** The concurrency the controller allows right now. */
  readonly concurrencyNow: number;
  /** Why it is that many; undefined while it is what it began with. */
  readonly concurrencyReason: string | undefined;
  readonly windowUsed: number;
  readonly windowEndsInMs: number | undefined;
  readonly models: readonly ModelSnapshot[];
}

export interface ModelSnapshot {
  readonly model: string;
  readonly queued: number;
  readonly inFlight: number;
  readonly paused: boolean;
  readonly circuit: "closed" | "open" | "halfOpen";
  /** Until the next probe; undefined unless the circuit is open. */
  readonly circuitFreeInMs: number | undefined;
  /** Its part of the slots beside the other models of its run; undefined where they go one after another. */
  readonly weight: number | undefined;
  /** Of the latest answers, in ms, without their wait; undefined before the first. */
  readonly latency: { readonly p50: number; readonly p95: number } | undefined;
  readonly sent: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly retried: number;
}

/** CONTRACT's `queue` object, and the composition of each window. */
export interface QueueStats {
  readonly windows: number;
  readonly slotsUsed: number;
  /** Slots of a window that passed unused while work for that pool waited. */
  readonly slotsWasted: number;
  /** slotsUsed / (slotsUsed + slotsWasted), in [0, 1]. */
  readonly utilisation: number;
  /** Slots filled by a model other than the window's current one. */
  readonly crossModelFills: number;
  readonly makespanMs: number;
  readonly lowerBoundMs: number;
  /** What one model after another would have taken under the same limits, minus the makespan. */
  readonly savedMs: number;
  readonly composition: readonly {
    readonly pool: string;
    readonly window: number;
    readonly byModel: Readonly<Record<string, number>>;
  }[];
}
