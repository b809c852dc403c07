import type { RateLimit } from "./options.ts";

/** What one limit says about a request, times in milliseconds. */
export interface LimitState {
  readonly limit: number;
  readonly remaining: number;
  /** Until the limit is whole again. */
  readonly resetMs: number;
}

export type Refusal =
  | {
      readonly kind: "over";
      readonly what: "requests" | "tokens";
      readonly limit: number;
      readonly used: number;
      readonly needed: number;
      readonly waitMs: number;
      readonly tell: boolean;
    }
  | { readonly kind: "tooLarge"; readonly limit: number; readonly needed: number };

/** One count under one limit: requests or tokens. */
interface Meter {
  readonly limit: number;
  /** Milliseconds until `amount` fits; 0 when it fits now. */
  wait(amount: number, now: number): number;
  take(amount: number, now: number): void;
  used(now: number): number;
  reset(now: number): number;
}

/** A limit with its own counts. `origin` is when fixed windows began. */
export interface Limiter {
  readonly requests: Meter | undefined;
  readonly tokens: Meter | undefined;
  readonly tell: boolean;
}

export function limiterOf(limit: RateLimit, origin: number): Limiter {
  const windowMs = limit.windowMs ?? 60_000;
  const make = (amount: number | undefined, burst: number | undefined): Meter | undefined => {
    if (amount === undefined) return undefined;
    switch (limit.kind ?? "fixed") {
      case "fixed":
        return fixedMeter(amount, windowMs, origin);
      case "sliding":
        return slidingMeter(amount, windowMs);
      case "bucket":
        return bucketMeter(amount, windowMs, burst ?? amount, origin);
    }
  };
  return {
    requests: make(limit.requests, limit.burst),
    tokens: make(limit.tokens, undefined),
    tell: limit.retryAfter ?? true,
  };
}

/** Takes one request of so many tokens from every limiter, or from none and says why. */
export function admit(limiters: readonly Limiter[], tokens: number, now: number): Refusal | undefined {
  for (const { requests, tokens: meter, tell } of limiters) {
    if (meter !== undefined && tokens > meter.limit) return { kind: "tooLarge", limit: meter.limit, needed: tokens };
    for (const [what, one, needed] of [
      ["requests", requests, 1],
      ["tokens", meter, tokens],
    ] as const) {
      const waitMs = one?.wait(needed, now) ?? 0;
      if (one !== undefined && waitMs > 0)
        return { kind: "over", what, limit: one.limit, used: one.used(now), needed, waitMs, tell };
    }
  }
  for (const limiter of limiters) {
    limiter.requests?.take(1, now);
    limiter.tokens?.take(tokens, now);
  }
  return undefined;
}

/** The tightest state over limiters, for the response headers. */
export function stateOf(
  limiters: readonly Limiter[],
  what: "requests" | "tokens",
  now: number,
): LimitState | undefined {
  let tightest: LimitState | undefined;
  for (const limiter of limiters) {
    const meter = limiter[what];
    if (meter === undefined) continue;
    const remaining = Math.max(0, Math.floor(meter.limit - meter.used(now)));
    if (tightest === undefined || remaining < tightest.remaining) {
      tightest = { limit: meter.limit, remaining, resetMs: meter.reset(now) };
    }
  }
  return tightest;
}

function fixedMeter(limit: number, windowMs: number, origin: number): Meter {
  let window = -1;
  let used = 0;
  const turn = (now: number): void => {
    const current = Math.floor((now - origin) / windowMs);
    if (current !== window) {
      window = current;
      used = 0;
    }
  };
  const left = (now: number): number => origin + (window + 1) * windowMs - now;
  return {
    limit,
    wait(amount, now) {
      turn(now);
      return used + amount <= limit ? 0 : left(now);
    },
    take(amount, now) {
      turn(now);
      used += amount;
    },
    used(now) {
      turn(now);
      return used;
    },
    reset(now) {
      turn(now);
      return used === 0 ? 0 : left(now);
    },
  };
}

function slidingMeter(limit: number, windowMs: number): Meter {
  let taken: { readonly at: number; readonly amount: number }[] = [];
  let first = 0;
  let used = 0;
  const expire = (now: number): void => {
    for (let one = taken[first]; one !== undefined && one.at + windowMs <= now; one = taken[first]) {
      used -= one.amount;
      first++;
    }
    if (first > 1_000 && first * 2 > taken.length) {
      taken = taken.slice(first);
      first = 0;
    }
  };
  return {
    limit,
    wait(amount, now) {
      expire(now);
      let over = used + amount - limit;
      for (let i = first; over > 0 && i < taken.length; i++) {
        const one = taken[i];
        if (one === undefined) break;
        over -= one.amount;
        if (over <= 0) return one.at + windowMs - now;
      }
      return 0;
    },
    take(amount, now) {
      expire(now);
      taken.push({ at: now, amount });
      used += amount;
    },
    used(now) {
      expire(now);
      return used;
    },
    reset(now) {
      expire(now);
      const newest = taken.at(-1);
      return newest === undefined || first >= taken.length ? 0 : newest.at + windowMs - now;
    },
  };
}

function bucketMeter(limit: number, windowMs: number, capacity: number, origin: number): Meter {
  let level = capacity;
  let at = origin;
  const perMs = limit / windowMs;
  const refill = (now: number): void => {
    level = Math.min(capacity, level + (now - at) * perMs);
    at = now;
  };
  // Refilling in floating point may leave a request a hair short of what it waited for.
  const hair = 1e-6;
  return {
    limit,
    wait(amount, now) {
      refill(now);
      return level + hair >= amount ? 0 : Math.max(1e-3, (amount - level) / perMs);
    },
    take(amount, now) {
      refill(now);
      level -= amount;
    },
    used(now) {
      refill(now);
      return limit - Math.min(limit, level);
    },
    reset(now) {
      refill(now);
      return (capacity - level) / perMs;
    },
  };
}

/** A duration as OpenAI's headers write it: `12ms`, `8.64s`, `6m0s`. */
export function goDuration(ms: number): string {
  if (ms <= 0) return "0s";
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms) / 1_000;
  if (seconds < 60) return `${Number(seconds.toFixed(3))}s`;
  const minutes = Math.floor(seconds / 60);
  const rest = Number((seconds - minutes * 60).toFixed(3));
  if (minutes < 60) return `${minutes}m${rest}s`;
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${rest}s`;
}
