import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit, goDuration, limiterOf, stateOf } from "../../../src/engine/simulator/rateLimit.ts";
import { errorOf, hello, openaiOf, serving } from "./serving.ts";

const kinds = ["fixed", "sliding", "bucket"] as const;
const arrivals = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 80 });

describe("a limit", () => {
  it.each(kinds)("never lets more through than it allows (%s)", (kind) => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 9 }), (gaps, requests) => {
        const limiter = limiterOf({ kind, requests, windowMs: 1_000 }, 0);
        let now = 0;
        const let_in: number[] = [];
        for (const gap of gaps) {
          now += gap;
          if (admit([limiter], 1, now) === undefined) let_in.push(now);
        }
        for (const at of let_in) {
          if (kind === "fixed") {
            const window = Math.floor(at / 1_000);
            expect(let_in.filter((t) => Math.floor(t / 1_000) === window).length).toBeLessThanOrEqual(requests);
          } else {
            // A bucket may hold one window's worth and gain another while it is drawn from.
            const most = kind === "sliding" ? requests : 2 * requests;
            expect(let_in.filter((t) => t > at - 1_000 && t <= at).length).toBeLessThanOrEqual(most);
          }
        }
      }),
    );
  });

  it.each(kinds)("tells how long to wait: then, and not before, there is room (%s)", (kind) => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 9 }), (gaps, requests) => {
        const limiter = limiterOf({ kind, requests, windowMs: 1_000 }, 0);
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const refusal = admit([limiter], 1, now);
          if (refusal?.kind !== "over") continue;
          expect(refusal.waitMs).toBeGreaterThan(0);
          expect(refusal.waitMs).toBeLessThanOrEqual(1_000);
          if (refusal.waitMs > 2) expect(limiter.requests?.wait(1, now + refusal.waitMs - 1)).toBeGreaterThan(0);
          now += refusal.waitMs;
          expect(admit([limiter], 1, now)).toBeUndefined();
        }
      }),
    );
  });

  it("counts tokens beside requests, and takes from neither when one has no room", () => {
    const limiter = limiterOf({ requests: 10, tokens: 100 }, 0);
    expect(admit([limiter], 60, 0)).toBeUndefined();
    expect(admit([limiter], 60, 1)).toMatchObject({ what: "tokens", used: 60, needed: 60 });
    expect(stateOf([limiter], "requests", 2)).toMatchObject({ limit: 10, remaining: 9 });
    expect(stateOf([limiter], "tokens", 2)).toMatchObject({ remaining: 40, resetMs: 59_998 });
    expect(admit([limiter], 40, 3)).toBeUndefined();
    expect(admit([limiter], 101, 4)).toEqual({ kind: "tooLarge", limit: 100, needed: 101 });
  });

  it("is whole again after a reset", () => {
    for (const kind of kinds) {
      const limiter = limiterOf({ kind, requests: 3, windowMs: 1_000 }, 0);
      for (const at of [100, 200, 300]) admit([limiter], 0, at);
      const { resetMs } = stateOf([limiter], "requests", 300) ?? { resetMs: 0 };
      expect(resetMs).toBeGreaterThan(0);
      expect(stateOf([limiter], "requests", 300 + resetMs)).toMatchObject({ remaining: 3, resetMs: 0 });
    }
  });

  it("holds a bucket's burst below a window's worth", () => {
    const limiter = limiterOf({ kind: "bucket", requests: 60, windowMs: 60_000, burst: 2 }, 0);
    expect([0, 0, 0].map((at) => admit([limiter], 0, at)?.kind)).toEqual([undefined, undefined, "over"]);
    expect(admit([limiter], 0, 999)?.kind).toBe("over");
    expect(admit([limiter], 0, 1_000)).toBeUndefined();
  });

  it("writes durations as OpenAI does", () => {
    const written = [0, 12, 999.2, 1_000, 8_640, 59_999, 360_000, 86_400, 3_600_000].map(goDuration);
    expect(written).toEqual(["0s", "12ms", "1000ms", "1s", "8.64s", "59.999s", "6m0s", "1m26.4s", "1h0m0s"]);
  });
});

describe("limits of the server", () => {
  it("show in headers, and refuse with 429 and the time to wait", async () => {
    const simulator = await serving({ limits: [{ requests: 2, tokens: 1_000, windowMs: 60_000 }] });
    const client = openaiOf(simulator);
    const ask = () => client.chat.completions.create({ model: "reader", messages: hello });
    const { response } = await ask().withResponse();
    expect(response.headers.get("x-ratelimit-limit-requests")).toBe("2");
    expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("1");
    expect(response.headers.get("x-ratelimit-reset-requests")).toMatch(/^(59\.\d+s|1m0s)$/);
    expect(response.headers.get("x-ratelimit-limit-tokens")).toBe("1000");
    await ask();
    const error = await errorOf(ask());
    expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded", type: "requests" });
    expect(error.message).toMatch(/Limit 2, Used 2, Requested 1\. Please try again in/);
    const headers = (error as { headers?: Headers }).headers;
    expect(Number(headers?.get("retry-after"))).toBeGreaterThan(55);
    expect(Number(headers?.get("retry-after-ms"))).toBeGreaterThan(55_000);
    expect(headers?.get("x-ratelimit-remaining-requests")).toBe("0");
    expect(simulator.stats()).toMatchObject({ requests: 3, answered: 2, refused: 1 });
  });

  it("can keep the time to wait to themselves", async () => {
    const simulator = await serving({ limits: [{ requests: 0, retryAfter: false }] });
    const error = await errorOf(openaiOf(simulator).chat.completions.create({ model: "reader", messages: hello }));
    expect((error as { headers?: Headers }).headers?.get("retry-after")).toBeNull();
  });

  it("are shared by models, or each model's own", async () => {
    const answered = async (perModel: boolean) => {
      const simulator = await serving({ models: ["a", "b"], limits: [{ requests: 2, perModel }] });
      const client = openaiOf(simulator);
      const asks = ["a", "a", "b", "b"].map((model) => client.chat.completions.create({ model, messages: hello }));
      return (await Promise.allSettled(asks)).filter(({ status }) => status === "fulfilled").length;
    };
    expect(await answered(false)).toBe(2);
    expect(await answered(true)).toBe(4);
  });

  it("concern only the models they name", async () => {
    const simulator = await serving({ models: ["a", "b"], limits: [{ models: ["a"], requests: 0 }] });
    const client = openaiOf(simulator);
    expect(await errorOf(client.chat.completions.create({ model: "a", messages: hello }))).toMatchObject({
      status: 429,
    });
    expect((await client.chat.completions.create({ model: "b", messages: hello })).choices).toHaveLength(1);
  });

  it("open again with the next window", async () => {
    const simulator = await serving({ limits: [{ kind: "sliding", requests: 1, windowMs: 1_000 }] });
    const client = openaiOf(simulator);
    const ask = () => client.chat.completions.create({ model: "reader", messages: hello });
    await ask();
    const error = (await errorOf(ask())) as Error & { headers?: Headers };
    await new Promise((resolve) => setTimeout(resolve, Number(error.headers?.get("retry-after-ms")) + 1));
    await ask();
    const { acceptedAt, refusedAt } = simulator.stats();
    expect((acceptedAt[1] ?? 0) - (acceptedAt[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect(refusedAt).toHaveLength(1);
  });

  it("refuse for ever what is larger than a window's tokens", async () => {
    const simulator = await serving({ limits: [{ tokens: 5 }] });
    const error = await errorOf(openaiOf(simulator).chat.completions.create({ model: "reader", messages: hello }));
    expect(error).toMatchObject({ status: 429, type: "tokens" });
    expect(error.message).toContain("Request too large");
  });
});
