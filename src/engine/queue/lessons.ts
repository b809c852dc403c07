import type { Random } from "../../base/random.ts";
import type { LimitReport, Outcome } from "../response/outcome.ts";
import { backoffMs } from "./backoff.ts";
import type { Item } from "./item.ts";
import { countReply, type ModelState } from "./model.ts";
import type { Pool } from "./pool.ts";
import type { Pools } from "./pools.ts";
import type { QueueSettings } from "./presets.ts";
import type { SentReply } from "./queue.ts";

/** First wait after a refusal that did not say for how long. */
const refusalBackoff = { baseMs: 1_000, maxMs: 60_000 };
/** Weight of a new reply in the average of actual over expected tokens. */
const tokenLearning = 0.1;

export interface LessonsOptions {
  readonly pools: Pools;
  readonly settings: QueueSettings;
  readonly random: Random;
  readonly changed: (model: string, what: string, reason: string) => void;
  readonly circuitChanged: (state: ModelState, reason: string) => void;
}

/** What replies teach about the server: its limits, how much it bears at once, and whether it is well. */
export class Lessons {
  readonly #o: LessonsOptions;
  /** What was told of each pool's learned limits. */
  readonly #told = new Map<Pool, string>();

  constructor(options: LessonsOptions) {
    this.#o = options;
  }

  /** Gives every slot back and lets the pools read the headers. */
  release(item: Item, reply: SentReply, now: number): void {
    const { state } = item;
    const cached = reply.cached === true;
    const report = cached ? undefined : reply.limits;
    const reported = report === undefined ? undefined : this.#o.pools.reported(state.pools, report);
    const actual = cached ? undefined : tokensOf(reply.outcome);
    for (const [pool, hold] of item.holds) {
      if (actual !== undefined) pool.tokens.amend(hold.tokens, actual);
      // Few servers count what they refuse; where the limit was told there is no need to rely on it.
      if (reply.outcome.kind === "rateLimited" && pool.toldRequests === undefined) pool.uncount(hold);
      pool.release(hold, now, pool === reported ? report : undefined, !cached && reply.outcome.kind === "answered");
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
      if (hold !== undefined) this.#o.pools.weigh(reported, hold.requests, now, report);
    }
  }

  /** What the outcome tells of the server: concurrency and circuit. True when its model is to be given up. */
  learn(item: Item, reply: SentReply, now: number): boolean {
    const { state, holds } = item;
    const { outcome } = reply;
    if (outcome.kind === "cancelled") return false;
    countReply(state, outcome.kind === "unavailable");
    switch (outcome.kind) {
      case "unavailable":
        state.lastTrouble = outcome;
        for (const [pool] of holds) pool.control.troubled();
        if (outcome.retryAfterMs !== undefined)
          state.closedUntil = Math.max(state.closedUntil, now + outcome.retryAfterMs);
        if (state.breaker.failed(now, state.inFlight)) this.#o.circuitChanged(state, outcome.message);
        return state.breaker.hopeless;
      case "rateLimited":
        state.lastTrouble = outcome;
        return this.#refused(item, outcome.retryAfterMs, reply.limits, now);
      default:
        state.refusals = 0;
        for (const [pool, hold] of holds) pool.control.succeeded(hold.exercised, now);
        if (state.breaker.succeeded()) this.#o.circuitChanged(state, "it answers");
        return false;
    }
  }

  /**
   * A refusal closes a gate: the pool's when its limit is known (it shares the refusal with its models), else the model's.
   * Only a refusal that no known limit explains speaks of too many at once.
   */
  #refused(item: Item, retryAfterMs: number | undefined, report: LimitReport | undefined, now: number): boolean {
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
      const until = now + (said ?? backoffMs(refusalBackoff, state.refusals, this.#o.random));
      if (limited.length === 0) state.closedUntil = Math.max(state.closedUntil, until);
      for (const [pool, hold] of limited) pool.refused(hold, until);
    }
    if (state.refusals <= this.#o.settings.freeRefusals) return false;
    state.closedUntil = Math.max(state.closedUntil, now + refusalBackoff.maxMs);
    return true;
  }

  /** Tells of a limit that headers showed for the first time, or differently than before. */
  #noteLearned(pool: Pool): void {
    const { requests, tokens, kind, windowMs } = pool.learned();
    const what = [
      ...(requests === undefined ? [] : [`${requests} requests`]),
      ...(tokens === undefined ? [] : [`${tokens} tokens`]),
      ...(kind === undefined ? [] : [`${kind} window`]),
    ].join(", ");
    if (what === "" || what === this.#told.get(pool)) return;
    this.#told.set(pool, what);
    const length = windowMs === undefined ? "" : ` (about ${Math.round(windowMs / 1000)} s)`;
    this.#o.changed(pool.id, `limit learned: ${what}${length}`, "the provider's headers");
  }
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
