import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { Emitter } from "../../base/event.ts";
import type { Random } from "../../base/random.ts";
import type { LimitReport, Outcome } from "../response/outcome.ts";
import { type Attempt, type Ending, startAttempt } from "./attempt.ts";
import { backoffMs } from "./backoff.ts";
import { CircuitBreaker, type CircuitStore } from "./circuitBreaker.ts";
import { DueHeap } from "./heap.ts";
import {
  countAnswer,
  countReply,
  isWell,
  type ModelState,
  newModel,
  readyWork,
  snapshotOf,
  type Trouble,
} from "./model.ts";
import { Order, type Orderable } from "./order.ts";
import type { Hold, Pool, PoolOptions } from "./pool.ts";
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
import { Turns } from "./turns.ts";
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

/** Another model is loaded only after so long without work, as the next task may be on its way. */
const lingerMs = 100;
/** A local model's turn, when others wait. */
const longestTurnMs = 300_000;
/** First wait after a refusal that did not say for how long. */
const refusalBackoff = { baseMs: 1_000, maxMs: 60_000 };
/** What is left of a back-off that only keeps the run from ending. */
const shortened = 0.02;
/** Weight of a new reply in the average of actual over expected tokens. */
const tokenLearning = 0.1;

export function openQueue(options: QueueOptions): Queue {
  return new SmartQueue(options);
}

/** A task on its way. */
interface Item extends Orderable {
  readonly task: Task;
  readonly lane: object;
  readonly state: ModelState;
  readonly signal: AbortSignal;
  readonly resolve: (settled: Settled) => void;
  readonly reject: (error: unknown) => void;
  readonly addedAt: number;
  phase: "queued" | "backingOff" | "inFlight" | "settled";
  waitingSince: number;
  queuedMs: number;
  attempts: number;
  retries: number;
  refusals: number;
  /** End of its back-off, and the earliest end when it is the last to be done. */
  dueAt: number;
  earlyAt: number;
  attempt: Attempt | undefined;
  holds: readonly (readonly [Pool, Hold])[];
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
  readonly #turns = new Map<string, Turns>();
  readonly #order: Order<Item>;
  readonly #backoffs = new DueHeap<Item>();
  readonly #signals = new SignalWatch<Item>((item, reason) => this.#cancel(item, reason));
  readonly #changes = new Emitter<QueueChange>();
  readonly #idle: (() => void)[] = [];
  readonly #flying = new Set<Item>();
  /** What was told of each pool's learned limits. */
  readonly #learned = new Map<Pool, string>();
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
  }

  add(task: Task, signal: AbortSignal): Promise<Settled> {
    const now = this.#clock.monotonic();
    const state = this.#model(task.model);
    if (this.#disposed || signal.aborted) return Promise.resolve(notSent({ kind: "cancelled" }));
    const dead = this.#deadOutcome(state, now);
    if (dead !== undefined) return Promise.resolve({ ...notSent(dead), gaveUp: true });
    this.#startedAt ??= now;
    this.#closeWindows(state.pools, now);
    return new Promise((resolve, reject) => {
      const item: Item = {
        model: task.model,
        run: task.run,
        variant: task.variant,
        share: task.share ?? 1,
        gone: false,
        task,
        lane: laneOf(state, task.run),
        state,
        signal,
        resolve,
        reject,
        addedAt: now,
        phase: "queued",
        waitingSince: now,
        queuedMs: 0,
        attempts: 0,
        retries: 0,
        refusals: 0,
        dueAt: 0,
        earlyAt: 0,
        attempt: undefined,
        holds: [],
      };
      this.#signals.add(signal, item);
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
      const next = head ?? this.#nextBackoff(state)?.item;
      const reason = head === undefined ? this.#backoffReason(state, now) : this.#gate(head, now);
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
    for (const item of [...this.#flying]) this.#cancel(item, new DOMException("the queue was closed", "AbortError"));
    this.#closed = Promise.all([...this.#turns.values()].map((turns) => turns.end())).then(() => {});
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
    const state = newModel(id, { pools: this.#pools.of(id), breaker, turns: this.#turnsOf(id) });
    this.#models.set(id, state);
    return state;
  }

  #turnsOf(model: string): Turns | undefined {
    const { local, scope } = this.#facts(model);
    const sequential = this.#options.mode === "sequential";
    if (!sequential && !local) return undefined;
    const group = sequential ? "" : scope;
    let turns = this.#turns.get(group);
    if (turns === undefined) {
      const rules = sequential
        ? { lingerMs: 0, longestMs: Number.POSITIVE_INFINITY, leave: (last: string) => this.#nextWindow(last) }
        : { lingerMs, longestMs: longestTurnMs, leave: (last: string) => this.#unload(last) };
      turns = new Turns(this.#clock, rules, () => this.#schedulePump());
      this.#turns.set(group, turns);
    }
    return turns;
  }

  async #unload(model: string): Promise<number> {
    try {
      await this.#options.unload?.(model);
      this.#changed(model, "unloaded", "its turn is over");
    } catch (error) {
      this.#changed(model, "could not be unloaded", messageOf(error));
    }
    return Number.NEGATIVE_INFINITY;
  }

  /** In the sequential mode a model leaves the rest of its last window unused. */
  async #nextWindow(model: string): Promise<number> {
    const now = this.#clock.monotonic();
    return Math.max(
      Number.NEGATIVE_INFINITY,
      ...this.#model(model).pools.map((pool) => pool.ledger.endAfter(now) ?? now),
    );
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
    for (let item = this.#backoffs.popDue(now); item !== undefined; item = this.#backoffs.popDue(now)) {
      // What was cancelled or given up meanwhile is still in the heap.
      if (item.phase === "backingOff" && item.dueAt <= now) this.#enqueueAgain(item, false);
    }
    this.#hastenLast(now);
    const admits = (item: Item) => this.#admits(item, now);
    this.#lookAtEach(admits, now);
    for (let item = this.#order.next(admits); item !== undefined; item = this.#order.next(admits))
      this.#start(item, now);
    this.#reviewTurns();
    this.#giveUpWhenAlone();
    this.#wake(now);
    if (this.#waitingCount + this.#flying.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /**
   * When a model's last tasks are backing off while it answers on the whole, long back-offs protect nobody and keep the run
   * from ending: they are cut short.
   */
  #hastenLast(now: number): void {
    let any = false;
    for (const state of this.#models.values()) any ||= state.backingOff > 0 && state.queued === 0 && isWell(state);
    if (!any) return;
    for (const { item } of this.#backoffs) {
      if (item.phase !== "backingOff" || item.state.queued > 0 || !isWell(item.state)) continue;
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
    const reason = this.#gate(item, now);
    if (reason === undefined) return true;
    state.shutIn = this.#pumps;
    if ("freeInMs" in reason) this.#wakeAt = Math.min(this.#wakeAt, now + reason.freeInMs);
    return false;
  }

  /** Why a task may not go now; undefined when it may. */
  #gate(item: Item, now: number): WaitReason | undefined {
    const { state, lane } = item;
    const reason = this.#modelGate(state, now);
    if (reason !== undefined) {
      for (const pool of state.pools) pool.passOver(lane);
      return reason;
    }
    const tokens = item.task.tokens * state.tokenRatio;
    for (const pool of state.pools) {
      const blocked = pool.blocks(lane, tokens, now);
      if (blocked !== undefined) return blocked;
    }
    return undefined;
  }

  #modelGate(state: ModelState, now: number): WaitReason | undefined {
    if (state.paused) return { kind: "paused" };
    const circuit = state.breaker.freeIn(now, state.inFlight);
    const oneAtATime = circuit === Number.POSITIVE_INFINITY || (state.refusals > 0 && state.inFlight > 0);
    if (circuit > 0 && !oneAtATime) return { kind: "circuitOpen", freeInMs: circuit };
    if (state.closedUntil > now) return { kind: "retryAfter", freeInMs: state.closedUntil - now };
    if (oneAtATime) {
      return { kind: "concurrency", pool: (state.pools[0] as Pool).id, inFlight: state.inFlight };
    }
    const turn = state.turns?.blocks(state.id, now);
    if (turn === undefined) return undefined;
    if ("other" in turn) return { kind: "otherModelLoaded", model: turn.other };
    return { kind: "requests", pool: (state.pools[0] as Pool).id, freeInMs: turn.freeInMs };
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
    const timing = { clock: this.#clock, timeoutMs: this.#settings.timeoutMs };
    item.attempt = startAttempt(task, item.attempts, timing, (ending) => this.#ended(item, ending));
  }

  #ended(item: Item, ending: Ending): void {
    const now = this.#clock.monotonic();
    const { state } = item;
    state.inFlight--;
    this.#flying.delete(item);
    this.#schedulePump();
    if (ending.kind === "threw") {
      for (const [pool, hold] of item.holds) pool.release(hold, now, undefined);
      item.phase = "settled";
      this.#signals.delete(item.signal, item);
      item.reject(ending.error);
      return;
    }
    const { reply } = ending;
    const took = now - (item.attempt?.startedAt ?? now);
    this.#release(item, reply, now);
    if (reply.cached === true) {
      state.sent--;
      item.attempts--;
      this.#settle(item, reply);
      return;
    }
    state.busyMs += took;
    state.shortestMs = Math.min(state.shortestMs, took);
    if (reply.outcome.kind === "answered") countAnswer(state, took);
    this.#learn(item, reply, now);
    this.#follow(item, reply, now);
  }

  /** Gives every slot back and lets the pools read the headers. */
  #release(item: Item, reply: SentReply, now: number): void {
    const { state } = item;
    const cached = reply.cached === true;
    const report = cached ? undefined : reply.limits;
    const reported = report === undefined ? undefined : this.#pools.reported(state.pools, report);
    const actual = cached ? undefined : tokensOf(reply.outcome);
    for (const [pool, hold] of item.holds) {
      if (actual !== undefined) pool.tokens.amend(hold.tokens, actual);
      // Few servers count what they refuse; where the limit was told there is no need to rely on it.
      if (reply.outcome.kind === "rateLimited" && pool.toldRequests === undefined) pool.uncount(hold);
      pool.release(hold, now, pool === reported ? report : undefined);
      if (cached) pool.uncount(hold);
    }
    if (cached) return;
    state.tokensSent += actual ?? item.task.tokens;
    if (actual !== undefined && item.task.tokens > 0) {
      const ratio = Math.min(4, Math.max(0.25, actual / item.task.tokens));
      state.tokenRatio += tokenLearning * (ratio - state.tokenRatio);
    }
    if (reported !== undefined && report !== undefined) {
      this.#noteLearned(reported);
      const hold = item.holds.find(([pool]) => pool === reported)?.[1];
      if (hold !== undefined) this.#pools.weigh(reported, hold.requests, now, report);
    }
  }

  /** Tells of a limit that headers showed for the first time, or differently than before. */
  #noteLearned(pool: Pool): void {
    const { requests, tokens, kind, windowMs } = pool.learned();
    const what = [
      ...(requests === undefined ? [] : [`${requests} requests`]),
      ...(tokens === undefined ? [] : [`${tokens} tokens`]),
      ...(kind === undefined ? [] : [`${kind} window`]),
    ].join(", ");
    if (what === "" || what === this.#learned.get(pool)) return;
    this.#learned.set(pool, what);
    const length = windowMs === undefined ? "" : ` (about ${Math.round(windowMs / 1000)} s)`;
    this.#changed(pool.id, `limit learned: ${what}${length}`, "the provider's headers");
  }

  /** What the outcome tells of the server: concurrency and circuit. */
  #learn(item: Item, reply: SentReply, now: number): void {
    const { state, holds } = item;
    const { outcome } = reply;
    if (outcome.kind === "cancelled") return;
    countReply(state, outcome.kind === "unavailable");
    switch (outcome.kind) {
      case "unavailable":
        state.lastTrouble = outcome;
        for (const [pool] of holds) pool.control.troubled();
        if (outcome.retryAfterMs !== undefined)
          state.closedUntil = Math.max(state.closedUntil, now + outcome.retryAfterMs);
        if (state.breaker.failed(now, state.inFlight)) this.#circuitChanged(state, outcome.message);
        if (state.breaker.hopeless) this.#giveUp(state);
        return;
      case "rateLimited":
        state.lastTrouble = outcome;
        this.#refused(item, outcome.retryAfterMs, reply.limits, now);
        return;
      default:
        state.refusals = 0;
        for (const [pool, hold] of holds) pool.control.succeeded(hold.exercised, now);
        if (state.breaker.succeeded()) this.#circuitChanged(state, "it answers");
    }
  }

  /**
   * A refusal closes a gate: the pool's when its limit is known (it shares the refusal with its models), else the model's.
   * Only a refusal that no known limit explains speaks of too many at once.
   */
  #refused(item: Item, retryAfterMs: number | undefined, report: LimitReport | undefined, now: number): void {
    const { state, holds } = item;
    const sentAt = item.attempt?.startedAt ?? now;
    const newEpisode = sentAt > state.lastEpisodeAt;
    if (newEpisode) {
      state.refusals++;
      state.lastEpisodeAt = now;
    }
    const limited = holds.filter(([pool]) => pool.isSpent(report));
    if (limited.length === 0) for (const [pool] of holds) pool.control.refused(sentAt, now, retryAfterMs);
    const said = retryAfterMs ?? spentResetMs(report);
    if (said !== undefined || newEpisode) {
      const until = now + (said ?? backoffMs(refusalBackoff, state.refusals, this.#random));
      if (limited.length === 0) state.closedUntil = Math.max(state.closedUntil, until);
      for (const [pool, hold] of limited) pool.refused(hold, until);
    }
    if (state.refusals > this.#settings.freeRefusals) {
      state.closedUntil = Math.max(state.closedUntil, now + refusalBackoff.maxMs);
      this.#giveUp(state);
    }
  }

  /** Settles, or sends again what can be helped. */
  #follow(item: Item, reply: SentReply, now: number): void {
    const step = nextStep(reply.outcome, item, this.#settings, this.#random);
    if (step.kind === "settle" || this.#disposed || item.signal.aborted) {
      this.#settle(item, reply);
      return;
    }
    const dead = this.#deadOutcome(item.state, now);
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
    this.#backoffs.push(item.dueAt, item);
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
    this.#signals.delete(item.signal, item);
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
    const items = this.#order.drain(state.id);
    for (const { item, due } of this.#backoffs) {
      if (item.state === state && item.phase === "backingOff" && due === item.dueAt) items.push(item);
    }
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

  /**
   * What a task of a model that was given up settles with, as long as its circuit is open or its provider wants quiet; then
   * one task tries again. Undefined when there is hope.
   */
  #deadOutcome(state: ModelState, now: number): Trouble | undefined {
    const broken = state.breaker.hopeless && state.breaker.freeIn(now, state.inFlight) > 0;
    const refused = state.refusals > this.#settings.freeRefusals && state.closedUntil > now;
    return broken || refused ? notSentFor(state.lastTrouble) : undefined;
  }

  /** When only models with failed probes are left, their further probes would only keep the run from ending. */
  #giveUpWhenAlone(): void {
    if (this.#flying.size > 0 || this.#waitingCount === 0) return;
    const waiting = [...this.#models.values()].filter((state) => state.queued + state.backingOff > 0);
    if (!waiting.every(({ breaker }) => breaker.kind === "open" && breaker.failedProbes > 0)) return;
    for (const state of waiting) this.#giveUp(state);
  }

  #reviewTurns(): void {
    for (const turns of this.#turns.values()) {
      let busy = false;
      let inFlight = 0;
      let othersWait = false;
      for (const state of this.#models.values()) {
        if (state.turns !== turns) continue;
        const work = state.queued + state.backingOff > 0 && !state.paused && state.breaker.kind !== "open";
        if (state.id === turns.model) {
          busy = work;
          inFlight = state.inFlight;
        } else if (work) {
          othersWait = true;
        }
      }
      turns.review({ busy, inFlight, othersWait });
    }
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

  #nextBackoff(state: ModelState): { readonly due: number; readonly item: Item } | undefined {
    let next: { readonly due: number; readonly item: Item } | undefined;
    for (const entry of this.#backoffs) {
      const { item, due } = entry;
      if (
        item.state === state &&
        item.phase === "backingOff" &&
        due === item.dueAt &&
        (next === undefined || due < next.due)
      )
        next = entry;
    }
    return next;
  }

  #backoffReason(state: ModelState, now: number): WaitReason {
    const reason = this.#modelGate(state, now);
    if (reason !== undefined) return reason;
    return { kind: "backoff", freeInMs: Math.max(0, (this.#nextBackoff(state)?.due ?? now) - now) };
  }

  #circuitChanged(state: ModelState, reason: string): void {
    this.#changed(state.id, `circuit ${state.breaker.kind}`, reason);
    this.#options.circuits?.save(state.id, state.breaker.toJSON(this.#clock.now(), this.#clock.monotonic()));
  }

  #changed(model: string, what: string, reason: string): void {
    if (this.#changes.hasListeners) this.#changes.fire({ at: this.#clock.now(), model, what, reason });
  }
}

function notSent(outcome: Outcome): Settled {
  return { reply: { outcome }, attempts: 0, queuedMs: 0 };
}

function laneOf(state: ModelState, run: string): object {
  let lane = state.lanes.get(run);
  if (lane === undefined) {
    lane = {};
    state.lanes.set(run, lane);
  }
  return lane;
}

/** Prompt and answer, when the provider counted both. */
function tokensOf(outcome: Outcome): number | undefined {
  if (outcome.kind !== "answered") return undefined;
  const { promptTokens, completionTokens } = outcome.usage;
  return promptTokens === undefined || completionTokens === undefined ? undefined : promptTokens + completionTokens;
}

/** When a used-up allowance is full again, by the headers of a refusal. */
function spentResetMs(report: LimitReport | undefined): number | undefined {
  if (report?.requestsRemaining === 0) return report.requestsResetMs;
  if (report?.tokensRemaining === 0) return report.tokensResetMs;
  return undefined;
}

const unknownTrouble: Trouble = {
  kind: "unavailable",
  reason: "connection",
  status: undefined,
  message: "it did so before this start, too",
  retryAfterMs: undefined,
  body: undefined,
};

/** The trouble of a task that was not sent because its model had too much of it. */
function notSentFor(trouble: Trouble = unknownTrouble): Trouble {
  const what = trouble.kind === "rateLimited" ? "refused" : "failed";
  const message = `not sent: the model ${what} too often in a row (last: ${trouble.message})`;
  return trouble.kind === "rateLimited" ? { ...trouble, message } : { ...trouble, message, body: undefined };
}
