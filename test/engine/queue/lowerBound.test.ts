import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lowerBoundMs, sequentialMs } from "../../../src/engine/queue/lowerBound.ts";

const load = { requests: 54, tokens: 5_400, latencyMs: 500, busyMs: 27_000 };
const limits = { requests: 15, tokens: undefined, windowMs: 60_000, kind: "fixed", concurrency: undefined } as const;

describe("the lower bound", () => {
  it("is the last window's start and one latency", () => {
    expect(lowerBoundMs(load, limits)).toBe(3 * 60_000 + 500);
    expect(lowerBoundMs({ ...load, requests: 45 }, { ...limits, kind: "sliding" })).toBe(2 * 60_000 + 500);
  });

  it("is the refill of what a bucket does not hold", () => {
    expect(lowerBoundMs(load, { ...limits, kind: "bucket" })).toBe((54 - 15) * 4_000 + 500);
  });

  it("is the work shared among what may be in flight, when that is longer", () => {
    expect(lowerBoundMs(load, { ...limits, requests: undefined, concurrency: 3 })).toBe(9_000);
  });

  it("knows tokens as well", () => {
    expect(lowerBoundMs(load, { ...limits, tokens: 1_000 })).toBe(5 * 60_000 + 500);
  });

  it("is nothing for nothing, and a latency for one", () => {
    expect(lowerBoundMs({ ...load, requests: 0 }, limits)).toBe(0);
    expect(lowerBoundMs({ ...load, requests: 1, busyMs: 500 }, limits)).toBe(500);
  });

  it("is never longer than one model after another", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 }), (counts) => {
        const loads = counts.map((requests) => ({ requests, tokens: 0, latencyMs: 500, busyMs: requests * 500 }));
        const requests = counts.reduce((sum, count) => sum + count, 0);
        const together = lowerBoundMs({ requests, tokens: 0, latencyMs: 500, busyMs: requests * 500 }, limits);
        expect(sequentialMs(loads.map((one) => ({ load: one, limits })))).toBeGreaterThanOrEqual(together);
      }),
    );
  });

  it("gives 3 models of 18 at 15 a window six windows one after another", () => {
    const one = { load: { requests: 18, tokens: 0, latencyMs: 500, busyMs: 0 }, limits };
    expect(sequentialMs([one, one, one])).toBe(5 * 60_000 + 500);
  });
});
