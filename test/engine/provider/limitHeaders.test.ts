import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLimits, parseRetryAfter } from "../../../src/engine/provider/limitHeaders.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const reader = (headers: Record<string, string>) => (name: string) => headers[name] ?? null;

describe("limit headers", () => {
  it("read OpenAI's", () => {
    const headers = {
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-limit-tokens": "150000",
      "x-ratelimit-remaining-requests": "59",
      "x-ratelimit-remaining-tokens": "149984",
      "x-ratelimit-reset-requests": "1s",
      "x-ratelimit-reset-tokens": "6m0s",
    };
    expect(parseLimits(reader(headers), now)).toEqual({
      requestsLimit: 60,
      requestsRemaining: 59,
      requestsResetMs: 1000,
      tokensLimit: 150000,
      tokensRemaining: 149984,
      tokensResetMs: 360_000,
    });
  });

  it("read Anthropic's dates", () => {
    const headers = {
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "49",
      "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:30Z",
      "anthropic-ratelimit-tokens-remaining": "9000",
    };
    expect(parseLimits(reader(headers), now)).toEqual({
      requestsLimit: 50,
      requestsRemaining: 49,
      requestsResetMs: 30_000,
      tokensRemaining: 9000,
    });
  });

  it("read the general ones, with seconds or an instant", () => {
    expect(
      parseLimits(reader({ "ratelimit-limit": "100;w=60", "ratelimit-remaining": "7", "ratelimit-reset": "30" }), now),
    ).toEqual({
      requestsLimit: 100,
      requestsRemaining: 7,
      requestsResetMs: 30_000,
    });
    expect(parseLimits(reader({ "x-ratelimit-reset": String(now / 1000 + 5) }), now)).toEqual({
      requestsResetMs: 5000,
    });
    expect(parseLimits(reader({ "x-ratelimit-reset": String(now + 250) }), now)).toEqual({ requestsResetMs: 250 });
  });

  it("say nothing where there is nothing, or nonsense", () => {
    expect(parseLimits(reader({}), now)).toBeUndefined();
    expect(
      parseLimits(reader({ "x-ratelimit-limit-requests": "many", "x-ratelimit-reset-requests": "soon" }), now),
    ).toBeUndefined();
  });

  it.each([
    ["20ms", 20],
    ["1.2s", 1200],
    ["6m0s", 360_000],
    ["1h2m3s", 3_723_000],
    ["1d", 86_400_000],
    ["0s", 0],
    ["8.64s", 8640],
  ])("read the duration %s", (text, ms) => {
    expect(parseLimits(reader({ "x-ratelimit-reset-requests": text }), now)?.requestsResetMs).toBeCloseTo(ms, 6);
  });

  it("never give a negative or broken wait, whatever the server writes", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.integer().map(String), fc.date({ noInvalidDate: true }).map(String)),
        (text) => {
          const wait = parseRetryAfter(reader({ "retry-after": text }), now);
          expect(wait === undefined || (Number.isFinite(wait) && wait >= 0)).toBe(true);
        },
      ),
    );
  });
});

describe("Retry-After", () => {
  it.each([
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:10 GMT" }, 10_000],
    [{ "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }, 0],
    [{ "retry-after-ms": "150", "retry-after": "9" }, 150],
    [{ "retry-after": "-3" }, undefined],
    [{}, undefined],
  ])("reads %o", (headers, ms) => {
    expect(parseRetryAfter(reader(headers), now)).toBe(ms);
  });
});
