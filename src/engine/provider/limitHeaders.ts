import type { LimitReport } from "../response/outcome.ts";

/** Reads one header, null when it is absent. */
export type HeaderReader = (name: string) => string | null;

/** Header names by fact, first match wins: OpenAI and those who copy it, Anthropic, the IETF draft. */
const names = {
  requestsLimit: [
    "x-ratelimit-limit-requests",
    "anthropic-ratelimit-requests-limit",
    "x-ratelimit-limit",
    "ratelimit-limit",
  ],
  requestsRemaining: [
    "x-ratelimit-remaining-requests",
    "anthropic-ratelimit-requests-remaining",
    "x-ratelimit-remaining",
    "ratelimit-remaining",
  ],
  requestsResetMs: [
    "x-ratelimit-reset-requests",
    "anthropic-ratelimit-requests-reset",
    "x-ratelimit-reset",
    "ratelimit-reset",
  ],
  tokensLimit: ["x-ratelimit-limit-tokens", "anthropic-ratelimit-tokens-limit"],
  tokensRemaining: ["x-ratelimit-remaining-tokens", "anthropic-ratelimit-tokens-remaining"],
  tokensResetMs: ["x-ratelimit-reset-tokens", "anthropic-ratelimit-tokens-reset"],
} as const satisfies Record<keyof LimitReport, readonly string[]>;

const facts = Object.entries(names) as readonly [keyof LimitReport, readonly string[]][];

/** What the headers say about limits; undefined when they say nothing. `nowMs` is wall time, for resets given as dates. */
export function parseLimits(header: HeaderReader, nowMs: number): LimitReport | undefined {
  const report: Partial<Record<keyof LimitReport, number>> = {};
  let found = false;
  for (const [fact, candidates] of facts) {
    for (const name of candidates) {
      const text = header(name);
      if (text === null) continue;
      const value = fact.endsWith("ResetMs") ? parseWait(text, nowMs) : parseCount(text);
      if (value === undefined) continue;
      report[fact] = value;
      found = true;
      break;
    }
  }
  return found ? report : undefined;
}

/** Milliseconds to wait by `retry-after-ms` or `Retry-After` (seconds or an HTTP date); undefined when neither says. */
export function parseRetryAfter(header: HeaderReader, nowMs: number): number | undefined {
  const ms = header("retry-after-ms");
  if (ms !== null) {
    const value = parseCount(ms);
    if (value !== undefined) return value;
  }
  const text = header("retry-after");
  return text === null ? undefined : parseWait(text, nowMs);
}

/** `100` or the draft's `100;w=60`. */
function parseCount(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:[;,]|$)/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A wait as `6m0s`, `1.2s`, `20ms`, plain seconds, seconds or milliseconds since the epoch, or a date. Never negative. */
function parseWait(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim();
  if (/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(trimmed)) {
    let total = 0;
    for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
      total += Number(amount) * (unitMs[unit ?? ""] ?? 0);
    }
    return total;
  }
  if (/^\d+(?:\.\d+)?$/.test(trimmed)) {
    const value = Number(trimmed);
    // Nobody asks for a wait of thirty years: such numbers are instants.
    if (value > 1e12) return Math.max(0, value - nowMs);
    if (value > 1e9) return Math.max(0, value * 1000 - nowMs);
    return value * 1000;
  }
  if (!/\d{4}-\d\d-\d\d|[A-Za-z]{3}/.test(trimmed)) return undefined;
  const instant = Date.parse(trimmed);
  return Number.isNaN(instant) ? undefined : Math.max(0, instant - nowMs);
}
