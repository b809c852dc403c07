import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateMeter } from "../../../src/engine/queue/rateLimit.ts";

const windowMs = 60_000;

/** Sends as early as the meter lets it, and returns when. */
function sendAll(
  meter: RateMeter,
  amounts: readonly number[],
  lag: (n: number) => number,
): { at: number; amount: number }[] {
  let now = 0;
  return amounts.map((amount, n) => {
    now = meter.freeAt(amount, now);
    meter.charge(amount, now, "model");
    return { at: now + lag(n), amount };
  });
}

describe("a rate meter", () => {
  it("tells exactly when more may go: at once while there is room, then as the oldest leaves", () => {
    const meter = new RateMeter({ limit: 3, windowMs, kind: "sliding" });
    for (const at of [0, 1_000, 2_000]) {
      expect(meter.freeAt(1, at)).toBe(at);
      meter.charge(1, at, "model");
    }
    const free = meter.freeAt(1, 3_000);
    expect(free).toBeGreaterThan(60_000);
    expect(free).toBeLessThan(61_200);
    expect(meter.freeAt(2, 3_000) - free).toBeCloseTo(1_000);
    expect(meter.used(3_000)).toBe(3);
    expect(meter.used(free)).toBe(2);
  });

  it("never lets a bucket run dry, and paces what comes after the burst", () => {
    const meter = new RateMeter({ limit: 60, windowMs, kind: "bucket" });
    const sent = sendAll(meter, new Array(120).fill(1), () => 0);
    expect(sent[58]?.at).toBe(0);
    const last = sent[119]?.at ?? 0;
    expect(last).toBeGreaterThan(59_900);
    expect(last).toBeLessThan(60_500);
  });

  it("lets more than the limit go alone, when nothing else counts", () => {
    const meter = new RateMeter({ limit: 100, windowMs, kind: "sliding" });
    meter.charge(1, 0, "model");
    const at = meter.freeAt(500, 10);
    expect(at).toBeGreaterThan(60_000);
    meter.charge(500, at, "model");
    expect(meter.freeAt(1, at)).toBeGreaterThan(at + 60_000);
  });

  it("tells how long so many more take, to within a twentieth of a window for each they need", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("sliding" as const, "bucket" as const),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.integer({ min: 0, max: 59_000 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 200 }),
        (kind, limit, before, more) => {
          const meter = new RateMeter({ limit, windowMs, kind });
          let now = 0;
          for (const at of before.toSorted((a, b) => a - b)) {
            now = Math.max(at, meter.freeAt(1, Math.max(at, now)));
            meter.charge(1, now, "model");
          }
          const least = meter.leastMs(more, now);
          let last = now;
          for (let n = 0; n < more; n++) {
            last = meter.freeAt(1, last);
            meter.charge(1, last, "model");
          }
          const windows = Math.ceil(more / limit);
          expect(Math.abs(least - (last - now))).toBeLessThanOrEqual(windows * 0.05 * windowMs);
        },
      ),
    );
  });

  it("takes corrections of what was sent", () => {
    const meter = new RateMeter({ limit: 100, windowMs, kind: "sliding" });
    const charge = meter.charge(90, 0, "model");
    expect(meter.freeAt(20, 10)).toBeGreaterThan(10);
    meter.amend(charge, 50);
    expect(meter.freeAt(20, 10)).toBe(10);
  });

  it.each(["sliding", "fixed", "bucket"] as const)(
    "keeps to the limit at the server, whatever the lags are (%s)",
    (kind) => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 50 }),
          fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 170 })), { maxLength: 200 }),
          fc.integer({ min: 0, max: 59_999 }),
          (limit, sends, phase) => {
            const meter = new RateMeter({ limit, windowMs, kind });
            const amounts = sends.map(([amount]) => Math.min(amount, limit));
            const arrivals = sendAll(meter, amounts, (n) => sends[n]?.[1] ?? 0).toSorted((a, b) => a.at - b.at);
            if (kind === "bucket") {
              let level = limit;
              let last = 0;
              for (const { at, amount } of arrivals) {
                level = Math.min(limit, level + ((at - last) * limit) / windowMs) - amount;
                last = at;
                expect(level).toBeGreaterThan(-1e-6);
              }
              return;
            }
            for (const { at } of arrivals) {
              const end =
                kind === "fixed" ? (Math.floor((at + phase) / windowMs) + 1) * windowMs - phase : at + windowMs;
              const start = kind === "fixed" ? end - windowMs : at;
              const counted = arrivals.filter((one) => one.at >= start && one.at < end);
              expect(counted.reduce((sum, one) => sum + one.amount, 0)).toBeLessThanOrEqual(limit);
            }
          },
        ),
        { numRuns: 200 },
      );
    },
  );

  it("counts no less than the server does when others use the same account", () => {
    const meter = new RateMeter({ limit: 10, windowMs, kind: "sliding" });
    const charge = meter.charge(1, 0, "model");
    meter.answered(charge, 100, { limit: 10, remaining: 3, resetMs: windowMs });
    expect(meter.used(100)).toBe(7);
    expect(meter.freeAt(4, 100)).toBeGreaterThan(100);
  });

  it("does not take its own requests for those of others", () => {
    const meter = new RateMeter({ limit: 10, windowMs, kind: "sliding" });
    const charges = [0, 1, 2, 3, 4].map((at) => meter.charge(1, at, "model"));
    for (const charge of charges) {
      meter.answered(charge, 1_000, { limit: 10, remaining: 5, resetMs: windowMs });
    }
    expect(meter.used(1_000)).toBe(5);
  });
});
