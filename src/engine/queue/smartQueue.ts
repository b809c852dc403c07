import { Bag } from "../../base/bag.ts";
import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { Emitter } from "../../base/event.ts";
import type { Random } from "../../base/random.ts";
import { type Ending, startAttempt } from "./attempt.ts";
import { Backoffs } from "./backoffs.ts";
import { CircuitBreaker, type CircuitStore } from "./circuitBreaker.ts";
import { gateOf, modelGate } from "./gates.ts";
import { deadOutcome, notSent, notSentFor } from "./giveUp.ts";
import { type Item, newItem } from "./item.ts";
import { Lessons } from "./lessons.ts";
import { countAnswer, type ModelState, newModel, readyWork, snapshotOf } from "./model.ts";
import { Order } from "./order.ts";
import type { Pool, PoolOptions } from "./pool.ts";
import { type ModelFacts, Pools } from "./pools.ts";
import { presets, type QueueSettings } from "./presets.ts";
import type {
  PoolLimits,
  Queue,
  QueueChange,
  QueueSnapshot,
  SentReply,
  Settled,
  Task,
  Waiting,
  WaitReason,
} from "./queue.ts";
import { nextStep } from "./retry.ts";
import { statsOf } from "./stats.ts";
import { TurnGroups } from "./turnGroups.ts";
import { SignalWatch } from "./watch.ts";

export interface QueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Default: the preset `default`. */
  readonly settings?: Partial<QueueSettings>;
  /** Limits that are known beforehand. Models outside all of them share a pool by scope. */
  readonly pools?: readonly PoolOptions[];
  /** `sequential` sends one model after another, each beginning with a new window; for comparison. */
  readonly mode?: "smart" | "sequential";
  /** Default: the scope is the id up to the first `:` or `/`, nothing is local, nothing is replayed. */
  readonly facts?: (model: string) => ModelFacts;
  /** With weights the models of a run share slots in these proportions (default 1), instead of one after another. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Lets go of a local model's memory at the end of its turn. */
  readonly unload?: (model: string) => Promise<void>;
  readonly circuits?: CircuitStore;
}

/** What is left of a back-off that only keeps the run from ending. */
const shortened = 0.02;

export function openQueue(options: QueueOptions): Queue {
  return new SmartQueue(options);
}

/**
 * The queue. Whatever happens (a task is added, a reply comes, a time is reached) leads to one `#pump`, which asks the
 * order for the next task whose gates are all open, counts it in every pool and starts it, without an await in between, until nothing more may go; then
 * it sets one timer for the first gate that opens by time.
 */
class SmartQueue implements Queue {
  readonly #options: QueueOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #settings: QueueSettings;
  readonly #pools: Pools;
  readonly #models = new Map<string, ModelState>();
  readonly #turns: TurnGroups;
  readonly #lessons: Lessons;
  readonly #order: Order<Item>;
  readonly #backoffs = new Backoffs();
  readonly #signals = new SignalWatch<Item>((item, reason) => this.#cancel(item, reason));
  readonly #changes = new Emitter<QueueChange>();
  readonly #idle: (() => void)[] = [];
  readonly #flying = new Bag<Item>();
  #waitingCount = 0;
  #pumps = 0;
  #pumpDue = false;
  #wakeAt = Number.POSITIVE_INFINITY;
  #cancelWake: () => void = () => {};
  #startedAt: number | undefined;
  #settledAt = 0;
  #disposed = false;
  /** Settles when local models are unloaded after the end. */
  #closed: Promise<void> = Promise.resolve();

  readonly onChange = this.#changes.event;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#settings = { ...presets.default, ...options.settings };
    this.#order = new Order(options.weights);
    this.#pools = new Pools({
      declared: options.pools ?? [],
      settings: this.#settings,
      facts: (model) => this.#facts(model),
      onChange: (pool, what, reason) => this.#changed(pool, what, reason),
    });
    this.#turns = new TurnGroups({
      clock: this.#clock,
      sequential: options.mode === "sequential",
      models: this.#models,
      unload: (model) => this.#unload(model),
      onFree: () => this.#schedulePump(),
    });
    this.#lessons = new Lessons({
      pools: this.#pools,
      settings: this.#settings,
      random: this.#random,
      changed: (model, what, reason) => this.#changed(model, what, reason),
      circuitChanged: (state, reason) => this.#circuitChanged(state, reason),
    });
  }

  add(task: Task, signal: AbortSignal): Promise<Settled> {
    const now = this.#clock.monotonic();
    const state = this.#model(task.model);
    if (this.#disposed || signal.aborted) return Promise.resolve(notSent({ kind: "cancelled" }));
    const dead = deadOutcome(state, now, this.#settings);
    if (dead !== undefined) return Promise.resolve({ ...notSent(dead), gaveUp: true });
    this.#startedAt ??= now;
    this.#closeWindows(state.pools, now);
    return new Promise((resolve, reject) => {
      const item = newItem(task, state, now, { signal, resolve, reject });
      item.watch = this.#signals.add(signal, item);
      this.#waitingCount++;
      state.queued++;
      this.#order.add(item);
      this.#schedulePump();
    });
  }

  waiting(): readonly Waiting[] {
    const now = this.#clock.monotonic();
    const rows: { readonly since: number; readonly row: Waiting }[] = [];
    for (const state of this.#models.values()) {
      const count = state.queued + state.backingOff;
      if (count === 0) continue;
      const head = this.#order.headOf(state.id);
      const next = head ?? this.#backoffs.nextOf(state);
      const reason = head === undefined ? this.#backoffReason(state, now) : gateOf(head, now);
      // A task that nothing holds leaves within this turn of the event loop.
      if (reason !== undefined && next !== undefined)
        rows.push({ since: next.addedAt, row: { model: state.id, count, reason } });
    }
    return rows.sort((a, b) => a.since - b.since).map(({ row }) => row);
  }

  snapshot(): QueueSnapshot {
    const now = this.#clock.monotonic();
    const pools = [...this.#pools.all()];
    const models = [...this.#models.values()];
    const busy = this.#waitingCount + this.#flying.size > 0;
    const makespan = this.#startedAt === undefined ? 0 : (busy ? now : this.#settledAt) - this.#startedAt;
    return {
      pools: pools.map((pool) => {
        const end = pool.requests.windowEnd(now) ?? pool.ledger.endAfter(now);
        return {
          id: pool.id,
          limits: pool.limits(),
          learned: pool.learned(),
          inFlight: pool.inFlight,
          concurrencyNow: pool.control.limit,
          concurrencyReason: pool.control.reason,
          windowUsed: pool.requests.used(now),
          windowEndsInMs: end === undefined ? undefined : end - now,
          models: [...pool.models].flatMap((id) => {
            const state = this.#models.get(id);
            return state === undefined ? [] : [snapshotOf(state, now, this.#weightOf(id))];
          }),
        };
      }),
      stats: statsOf(pools, models, makespan),
    };
  }

  leastMs(requests: ReadonlyMap<string, number>): number {
    const now = this.#clock.monotonic();
    let least = 0;
    for (const pool of this.#pools.all()) {
      let count = 0;
      for (const model of pool.models) count += requests.get(model) ?? 0;
      least = Math.max(least, pool.leastMs(Math.max(0, count - pool.inFlight), now));
    }
    return least;
  }

  pause(model: string): void {
    const state = this.#model(model);
    if (state.paused) return;
    state.paused = true;
    this.#changed(model, "paused", "asked for");
    this.#schedulePump();
  }

  resume(model: string): void {
    const state = this.#model(model);
    if (!state.paused) return;
    state.paused = false;
    this.#changed(model, "resumed", "asked for");
    this.#schedulePump();
  }

  reset(model: string): void {
    const state = this.#model(model);
    state.closedUntil = Number.NEGATIVE_INFINITY;
    state.refusals = 0;
    if (state.breaker.reset()) this.#circuitChanged(state, "asked for");
    this.#schedulePump();
  }

  retune(id: string, change: Partial<PoolLimits>): void {
    const pool = this.#pools.get(id);
    if (pool === undefined) throw new Error(`there is no pool "${id}"`);
    pool.retune(change);
    const what = Object.entries(change).map(([name, value]) => `${name} ${value ?? "unlimited"}`);
    this.#changed(id, what.join(", "), "retuned");
    this.#schedulePump();
  }

  idle(): Promise<void> {
    if (this.#disposed) return this.#closed;
    if (this.#waitingCount + this.#flying.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#cancelWake();
    for (const state of this.#models.values()) {
      for (const item of this.#takeWaiting(state)) this.#settle(item, { outcome: { kind: "cancelled" } });
    }
    for (const item of this.#flying) this.#cancel(item, new DOMException("the queue was closed", "AbortError"));
    this.#closed = this.#turns.end();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #weightOf(model: string): number | undefined {
    const { weights } = this.#options;
    return weights && (weights[model] ?? 1);
  }

  #facts(model: string): ModelFacts {
    if (this.#options.facts !== undefined) return this.#options.facts(model);
    return { scope: model.split(/[:/]/, 1)[0] ?? model, local: false, replayed: false, maxConcurrency: undefined };
  }

  #model(id: string): ModelState {
    const known = this.#models.get(id);
    if (known !== undefined) return known;
    const saved = this.#options.circuits?.load(id);
    const times = { wallNow: this.#clock.now(), now: this.#clock.monotonic() };
    const breaker = new CircuitBreaker(
      this.#settings.breaker,
      saved === undefined ? undefined : { state: saved, ...times },
    );
    const state = newModel(id, { pools: this.#pools.of(id), breaker, turns: this.#turns.of(this.#facts(id)) });
    this.#models.set(id, state);
    return state;
  }

  async #unload(model: string): Promise<void> {
    try {
      await this.#options.unload?.(model);
      this.#changed(model, "unloaded", "its turn is over");
    } catch (error) {
      this.#changed(model, "could not be unloaded", messageOf(error));
    }
  }

  /** Many events of one turn of the event loop lead to one pump. */
  #schedulePump(): void {
    if (this.#pumpDue || this.#disposed) return;
    this.#pumpDue = true;
    queueMicrotask(() => {
      this.#pumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#disposed) return;
    const now = this.#clock.monotonic();
    this.#pumps++;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#closeWindows(this.#pools.all(), now);
    for (let item = this.#backoffs.popDue(now); item !== undefined; item = this.#backoffs.popDue(now))
      this.#enqueueAgain(item, false);
    this.#hastenLast(now);
    const admits = (item: Item) => this.#admits(item, now);
    this.#lookAtEach(admits, now);
    for (let item = this.#order.next(admits); item !== undefined; item = this.#order.next(admits))
      this.#start(item, now);
    this.#turns.review();
    this.#giveUpWhenAlone();
    this.#wake(now);
    if (this.#waitingCount + this.#flying.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #hastenLast(now: number): void {
    for (const item of this.#backoffs.last(this.#models.values())) {
      if (item.earlyAt > now) this.#wakeAt = Math.min(this.#wakeAt, item.earlyAt);
      else this.#enqueueAgain(item, false);
    }
  }

  /** Sends one request of each model of a scope early on, so that the headers show whether they share its limit. */
  #lookAtEach(admits: (item: Item) => boolean, now: number): void {
    for (const pool of this.#pools.undecided()) {
      for (const id of pool.models) {
        const state = this.#model(id);
        if (state.sent > 0 || state.queued === 0) continue;
        const item = this.#order.next((head) => head.state === state && admits(head));
        if (item !== undefined) this.#start(item, now);
      }
    }
  }

  /** One timer for whatever opens first. */
  #wake(now: number): void {
    this.#cancelWake();
    const at = Math.min(this.#wakeAt, this.#backoffs.nextDue ?? Number.POSITIVE_INFINITY);
    this.#cancelWake = at === Number.POSITIVE_INFINITY ? () => {} : this.#clock.after(at - now, () => this.#pump());
  }

  #admits(item: Item, now: number): boolean {
    const { state } = item;
    // Starting others only takes room away, so a model found shut stays shut until the next pump.
    if (state.shutIn === this.#pumps) return false;
    const reason = gateOf(item, now);
    if (reason === undefined) return true;
    state.shutIn = this.#pumps;
    if ("freeInMs" in reason) this.#wakeAt = Math.min(this.#wakeAt, now + reason.freeInMs);
    return false;
  }

  #start(item: Item, now: number): void {
    const { state, task } = item;
    item.phase = "inFlight";
    item.attempts++;
    item.queuedMs += now - item.waitingSince;
    state.queued--;
    state.inFlight++;
    state.sent++;
    if (item.attempts > 1) state.retried++;
    this.#waitingCount--;
    this.#flying.add(item);
    const tokens = task.tokens * state.tokenRatio;
    item.holds = state.pools.map((pool) => [pool, pool.take(item.lane, state.id, tokens, now)] as const);
    state.turns?.started(state.id);
    if (state.breaker.sent(now)) this.#circuitChanged(state, "probing after its time");
    const { holds } = item;
    const left = () => {
      const leftAt = this.#clock.monotonic();
      for (const [pool, hold] of holds) pool.left(hold, leftAt);
    };
    const timing = { clock: this.#clock, timeoutMs: this.#settings.timeoutMs, left };
    item.attempt = startAttempt(task, item.attempts, timing, (ending) => this.#ended(item, ending));
  }

  #ended(item: Item, ending: Ending): void {
    const now = this.#clock.monotonic();
    const { state } = item;
    state.inFlight--;
    this.#flying.delete(item);
    this.#schedulePump();
    if (ending.kind === "threw") {
      for (const [pool, hold] of item.holds) pool.release(hold, now, undefined, false);
      item.phase = "settled";
      item.watch?.delete(item);
      item.reject(ending.error);
      return;
    }
    const { reply } = ending;
    const took = now - (item.attempt?.startedAt ?? now);
    this.#lessons.release(item, reply, now);
    if (reply.cached === true) {
      state.sent--;
      item.attempts--;
      this.#settle(item, reply);
      return;
    }
    if (reply.mended === true && !this.#disposed && !item.signal.aborted) {
      item.waitingSince = now;
      this.#waitingCount++;
      this.#enqueueAgain(item, true);
      return;
    }
    state.busyMs += took;
    state.shortestMs = Math.min(state.shortestMs, took);
    if (reply.outcome.kind === "answered") countAnswer(state, took);
    if (this.#lessons.learn(item, reply, now)) this.#giveUp(state);
    this.#follow(item, reply, now);
  }

  /** Settles, or sends again what can be helped. */
  #follow(item: Item, reply: SentReply, now: number): void {
    const step = nextStep(reply.outcome, item, this.#settings, this.#random);
    if (step.kind === "settle" || this.#disposed || item.signal.aborted) {
      this.#settle(item, reply);
      return;
    }
    const dead = deadOutcome(item.state, now, this.#settings);
    if (dead !== undefined) {
      this.#settle(item, reply, true);
      return;
    }
    item.waitingSince = now;
    this.#waitingCount++;
    if (step.kind === "refused") {
      item.refusals++;
      this.#enqueueAgain(item, true);
      return;
    }
    item.retries++;
    item.phase = "backingOff";
    item.state.backingOff++;
    item.dueAt = now + step.afterMs;
    const asked = reply.outcome.kind === "unavailable" && reply.outcome.retryAfterMs !== undefined;
    item.earlyAt = asked ? item.dueAt : now + step.afterMs * shortened;
    this.#backoffs.push(item);
  }

  #enqueueAgain(item: Item, first: boolean): void {
    if (item.phase === "backingOff") item.state.backingOff--;
    item.phase = "queued";
    item.state.queued++;
    this.#order.addRetry(item, first);
  }

  #settle(item: Item, reply: SentReply, gaveUp = false): void {
    const { state, attempts, queuedMs } = item;
    const { outcome } = reply;
    item.phase = "settled";
    this.#settledAt = this.#clock.monotonic();
    item.watch?.delete(item);
    if (outcome.kind === "answered") state.succeeded++;
    else if (outcome.kind !== "cancelled") state.failed++;
    item.resolve(gaveUp ? { reply, attempts, queuedMs, gaveUp } : { reply, attempts, queuedMs });
  }

  #cancel(item: Item, reason: unknown): void {
    if (item.phase === "inFlight") {
      item.attempt?.cancel(reason);
      return;
    }
    if (item.phase === "settled") return;
    for (const pool of item.state.pools) pool.passOver(item.lane);
    if (item.phase === "queued") {
      item.state.queued--;
      this.#order.remove(item);
    } else {
      item.state.backingOff--;
    }
    this.#stopWaiting(item);
    this.#settle(item, { outcome: { kind: "cancelled" } });
    this.#schedulePump();
  }

  /** Takes out everything of a model that waits. */
  #takeWaiting(state: ModelState): Item[] {
    const items: Item[] = this.#order.drain(state.id);
    items.push(...this.#backoffs.of(state));
    state.queued = 0;
    state.backingOff = 0;
    for (const item of items) {
      for (const pool of state.pools) pool.passOver(item.lane);
      this.#stopWaiting(item);
    }
    return items;
  }

  #stopWaiting(item: Item): void {
    this.#waitingCount--;
    item.queuedMs += this.#clock.monotonic() - item.waitingSince;
  }

  /** Partial results are kept: what waits for a dead model settles with its last trouble, and the run can end. */
  #giveUp(state: ModelState): void {
    const outcome = notSentFor(state.lastTrouble);
    const items = this.#takeWaiting(state);
    if (items.length > 0) this.#changed(state.id, `gave up ${items.length} waiting`, outcome.message);
    for (const item of items) this.#settle(item, { outcome }, true);
  }

  /** When only models with failed probes are left, their further probes would only keep the run from ending. */
  #giveUpWhenAlone(): void {
    if (this.#flying.size > 0 || this.#waitingCount === 0) return;
    const waiting = [...this.#models.values()].filter((state) => state.queued + state.backingOff > 0);
    if (!waiting.every(({ breaker }) => breaker.kind === "open" && breaker.failedProbes > 0)) return;
    for (const state of waiting) this.#giveUp(state);
  }

  /** Books the windows that are over, before anything else changes what waits. */
  #closeWindows(pools: Iterable<Pool>, now: number): void {
    for (const pool of pools) {
      const slots = pool.slots;
      if (slots === undefined) continue;
      pool.ledger.roll(now, pool.requests.windowMs, slots, () => {
        let ready = 0;
        for (const id of pool.models) {
          const state = this.#models.get(id);
          if (state !== undefined) ready += readyWork(state, now);
        }
        return ready;
      });
    }
  }

  #backoffReason(state: ModelState, now: number): WaitReason {
    const reason = modelGate(state, now);
    if (reason !== undefined) return reason;
    return { kind: "backoff", freeInMs: Math.max(0, (this.#backoffs.nextOf(state)?.dueAt ?? now) - now) };
  }

  #circuitChanged(state: ModelState, reason: string): void {
    this.#changed(state.id, `circuit ${state.breaker.kind}`, reason);
    this.#options.circuits?.save(state.id, state.breaker.toJSON(this.#clock.now(), this.#clock.monotonic()));
  }

  #changed(model: string, what: string, reason: string): void {
    if (this.#changes.hasListeners) this.#changes.fire({ at: this.#clock.now(), model, what, reason });
  }
}
