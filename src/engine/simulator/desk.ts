import type { Clock } from "../../base/clock.ts";
import type { WireMessage } from "../wire/dialect.ts";
import type { Headers } from "../wire/respond.ts";
import type { Counters } from "./counters.ts";
import type { Gpu } from "./gpu.ts";
import type { SimulatorOptions } from "./options.ts";
import type { PrefixCache } from "./prefixCache.ts";
import { goDuration, type Limiter, stateOf } from "./rateLimit.ts";

/** What the life of a request needs of the server. */
export interface Desk {
  readonly options: SimulatorOptions;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly gpu: Gpu;
  readonly prefixes: PrefixCache;
  /** Milliseconds since the server started or was reset. */
  now(): number;
  limitersOf(model: string): readonly Limiter[];
  serves(model: string): boolean;
  /** Tokens of a prompt, with what each message and the answer's opening add. */
  count(messages: readonly WireMessage[]): number;
}

/** The rate-limit headers of OpenAI, for the tightest limit of each kind; none where nothing is limited. */
export function limitHeaders(desk: Desk, model: string): Headers {
  const headers: Record<string, string> = {};
  const limiters = desk.limitersOf(model);
  if (limiters.length === 0) return headers;
  for (const what of ["requests", "tokens"] as const) {
    const state = stateOf(limiters, what, desk.now());
    if (state === undefined) continue;
    headers[`x-ratelimit-limit-${what}`] = String(state.limit);
    headers[`x-ratelimit-remaining-${what}`] = String(state.remaining);
    headers[`x-ratelimit-reset-${what}`] = goDuration(state.resetMs);
  }
  return headers;
}
