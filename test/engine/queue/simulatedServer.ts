import type { Clock } from "../../../src/base/clock.ts";
import type { Random } from "../../../src/base/random.ts";
import { Fifo } from "../../../src/engine/queue/fifo.ts";
import type { SentReply, WindowKind } from "../../../src/engine/queue/queue.ts";
import type { LimitReport, Outcome } from "../../../src/engine/response/outcome.ts";

export interface ServerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limit?: {
    readonly kind: WindowKind;
    readonly requests?: number;
    readonly tokens?: number;
    readonly windowMs: number;
    /** Each model has its own count. */
    readonly perModel?: boolean;
    /** When the first fixed window began, before time 0. */
    readonly phaseMs?: number;
  };
  /** From our send to the server's count, in ms: uniform in [0, this]. Default 0. */
  readonly delayMs?: number;
  /** From its count to our reply. Default 1,000. */
  readonly latencyMs?: number | ((random: Random) => number);
  /** Probability of a 503. */
  readonly failures?: number;
  /** Default true. */
  readonly headers?: boolean;
  /** Default true. */
  readonly retryAfter?: boolean;
  readonly maxInFlight?: number;
  /** Models that fail at once with a 503. */
  readonly dead?: readonly string[];
}

interface Counter {
  /** Milliseconds until `amount` fits; 0 when it fits. */
  wait(amount: number, now: number): number;
  take(amount: number, now: number): void;
  remaining(now: number): number;
  resetMs(now: number): number;
}

/** A server that judges by its own clock and its own books: what it refuses was too much. */
export class SimulatedServer {
  readonly #options: ServerOptions;
  readonly #counters = new Map<
    string,
    { readonly requests: Counter | undefined; readonly tokens: Counter | undefined }
  >();
  readonly arrivals: { readonly model: string; readonly at: number }[] = [];
  answered = 0;
  refused = 0;
  readonly refusedBy = new Map<string, number>();
  failed = 0;
  inFlight = 0;
  maxInFlight = 0;
  lastReplyAt = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  async send(model: string, tokens = 0): Promise<SentReply> {
    const { clock, random, delayMs = 0, latencyMs = 1_000 } = this.#options;
    await wait(clock, random() * delayMs);
    const reply = this.#judge(model, tokens, clock.monotonic());
    this.inFlight++;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    const slow = reply.outcome.kind === "answered";
    const latency = typeof latencyMs === "number" ? latencyMs : latencyMs(random);
    await wait(clock, slow ? latency : Math.min(latency, 20));
    this.inFlight--;
    this.lastReplyAt = clock.monotonic();
    return reply;
  }

  #judge(model: string, tokens: number, now: number): SentReply {
    const {
      random,
      dead = [],
      failures = 0,
      retryAfter = true,
      maxInFlight = Number.POSITIVE_INFINITY,
    } = this.#options;
    this.arrivals.push({ model, at: now });
    if (dead.includes(model)) return { outcome: this.#trouble("it is down") };
    const { requests, tokens: tokenCounter } = this.#counter(model);
    const waitMs = Math.max(requests?.wait(1, now) ?? 0, tokenCounter?.wait(tokens, now) ?? 0);
    if (waitMs > 0 || this.inFlight >= maxInFlight) {
      this.refused++;
      this.refusedBy.set(model, (this.refusedBy.get(model) ?? 0) + 1);
      const retryAfterMs = retryAfter && waitMs > 0 ? Math.ceil(waitMs) : undefined;
      return { outcome: { kind: "rateLimited", message: "slow down", retryAfterMs }, ...this.#report(model, now) };
    }
    requests?.take(1, now);
    tokenCounter?.take(tokens, now);
    if (random() < failures) return { outcome: this.#trouble("a bad moment"), ...this.#report(model, now) };
    this.answered++;
    return { outcome: answer(tokens), ...this.#report(model, now) };
  }

  #trouble(message: string): Outcome {
    this.failed++;
    return { kind: "unavailable", reason: "server", status: 503, message, retryAfterMs: undefined, body: undefined };
  }

  #counter(model: string) {
    const { limit } = this.#options;
    const key = limit?.perModel === true ? model : "";
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      const make = (amount: number | undefined) =>
        amount === undefined || limit === undefined
          ? undefined
          : counterOf(limit.kind, amount, limit.windowMs, limit.phaseMs ?? 0);
      counter = { requests: make(limit?.requests), tokens: make(limit?.tokens) };
      this.#counters.set(key, counter);
    }
    return counter;
  }

  #report(model: string, now: number): { limits?: LimitReport } {
    const { headers = true, limit } = this.#options;
    if (!headers || limit === undefined) return {};
    const { requests, tokens } = this.#counter(model);
    return {
      limits: {
        ...(requests === undefined || limit.requests === undefined
          ? {}
          : {
              requestsLimit: limit.requests,
              requestsRemaining: requests.remaining(now),
              requestsResetMs: requests.resetMs(now),
            }),
        ...(tokens === undefined || limit.tokens === undefined
          ? {}
          : { tokensLimit: limit.tokens, tokensRemaining: tokens.remaining(now), tokensResetMs: tokens.resetMs(now) }),
      },
    };
  }
}

export function answer(tokens: number): Outcome {
  return {
    kind: "answered",
    text: "yes",
    toolCalls: [],
    usage: { promptTokens: tokens, completionTokens: 0, cachedTokens: undefined },
    timing: { latencyMs: 1, firstTokenMs: undefined, loadMs: undefined },
    finish: "stop",
    servedModel: undefined,
    tokenConfidence: undefined,
  };
}

function counterOf(kind: WindowKind, limit: number, windowMs: number, phaseMs: number): Counter {
  if (kind === "bucket") return bucketCounter(limit, windowMs);
  return kind === "fixed" ? fixedCounter(limit, windowMs, phaseMs) : slidingCounter(limit, windowMs);
}

function fixedCounter(limit: number, windowMs: number, phaseMs: number): Counter {
  let window = -1;
  let used = 0;
  const turn = (now: number) => {
    const current = Math.floor((now + phaseMs) / windowMs);
    if (current !== window) used = 0;
    window = current;
  };
  const left = (now: number) => windowMs - ((now + phaseMs) % windowMs);
  return {
    wait(amount, now) {
      turn(now);
      return used + amount <= limit ? 0 : left(now);
    },
    take(amount, now) {
      turn(now);
      used += amount;
    },
    remaining: () => limit - used,
    resetMs: left,
  };
}

function slidingCounter(limit: number, windowMs: number): Counter {
  const taken = new Fifo<{ readonly at: number; readonly amount: number }>();
  let sum = 0;
  let newest = 0;
  const used = (now: number) => {
    for (let one = taken.peek(); one !== undefined && one.at + windowMs <= now; one = taken.peek()) {
      sum -= one.amount;
      taken.shift();
    }
    return sum;
  };
  return {
    wait(amount, now) {
      let over = used(now) + amount - limit;
      for (const one of taken) {
        if (over <= 0) return 0;
        over -= one.amount;
        if (over <= 0) return one.at + windowMs - now;
      }
      return 0;
    },
    take(amount, now) {
      taken.push({ at: now, amount });
      sum += amount;
      newest = now;
    },
    remaining: (now) => limit - used(now),
    resetMs: (now) => (used(now) === 0 ? 0 : newest + windowMs - now),
  };
}

function bucketCounter(limit: number, windowMs: number): Counter {
  let level = limit;
  let last = 0;
  const refill = (now: number) => {
    level = Math.min(limit, level + ((now - last) * limit) / windowMs);
    last = now;
  };
  const hair = 1e-6;
  return {
    wait(amount, now) {
      refill(now);
      return level + hair >= amount ? 0 : Math.max(0.001, ((amount - level) * windowMs) / limit);
    },
    take(amount, now) {
      refill(now);
      level -= amount;
    },
    remaining(now) {
      refill(now);
      return Math.floor(level + hair);
    },
    resetMs(now) {
      refill(now);
      return ((limit - level) * windowMs) / limit;
    },
  };
}

function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
