import { describe, expect, it } from "vitest";
import { RateMeter } from "../../../src/engine/queue/rateLimit.ts";

const windowMs = 2_000;
const sliding = () => new RateMeter({ limit: 20, windowMs, kind: "sliding" });

describe("when a send counts", () => {
  it("is when it goes out on the line, not when its slot was free", () => {
    const meter = sliding();
    const sends = Array.from({ length: 20 }, () => meter.charge(1, 0, "m"));
    for (const [i, send] of sends.entries()) meter.left(send, 300 + i);
    for (const send of sends) meter.answered(send, send.sentAt + 100);
    expect(meter.freeAt(1, 1_000)).toBeGreaterThanOrEqual(2_300);
    expect(meter.freeAt(1, 1_000)).toBeLessThan(2_345);
  });

  it("is late where a queue on the way begins, although the answers before it were quick", () => {
    const meter = sliding();
    const sends = Array.from({ length: 20 }, () => meter.charge(1, 0, "m"));
    for (const [i, send] of sends.entries()) meter.answered(send, i < 10 ? 100 + i : 180 + i);
    // The eleventh has nine quick ones right before it.
    expect(meter.used(2_060)).toBe(10);
    expect(meter.used(2_145)).toBe(0);
  });

  it("is later for the first ones than their latencies show: they share the start of a cold server", () => {
    const meter = sliding();
    const first = Array.from({ length: 20 }, () => meter.charge(1, 0, "m"));
    for (const send of first) meter.answered(send, 120);
    const again = meter.freeAt(20, 1_000);
    expect(again).toBeGreaterThanOrEqual(2_030);
    const second = Array.from({ length: 20 }, () => meter.charge(1, again, "m"));
    for (const send of second) meter.answered(send, again + 120);
    expect(meter.freeAt(20, again + 120)).toBeLessThan(again + 2_010);
  });

  it("is not told by refusals, which come back at once", () => {
    const meter = sliding();
    const refused = meter.charge(1, 0, "m");
    meter.answered(refused, 4, undefined, false);
    meter.amend(refused, 0);
    const sends = Array.from({ length: 20 }, () => meter.charge(1, 10, "m"));
    for (const send of sends) meter.answered(send, 110);
    expect(meter.freeAt(1, 1_000)).toBeLessThan(2_030);
  });

  it("is not said by others' headers when it may have been overtaken near the window's end", () => {
    const meter = new RateMeter({ limit: 2, windowMs, kind: "fixed" });
    const late = meter.charge(1, 1_950, "m");
    const quick = meter.charge(1, 1_951, "m");
    const limits = { limit: 2, remaining: 1, resetMs: 40 };
    meter.answered(quick, 1_960, limits);
    // The window is over at 2,000; whether the late one came before that is not known yet, so it counts on.
    expect(meter.used(2_010)).toBe(1);
    meter.answered(late, 2_020, { limit: 2, remaining: 1, resetMs: 1_990 });
    expect(meter.used(2_030)).toBe(1);
  });

  it("lets a bucket refill from when the first send of a burst went out", () => {
    const meter = new RateMeter({ limit: 10, windowMs, kind: "bucket" });
    const first = meter.charge(1, 0, "m");
    for (let i = 1; i < 10; i++) meter.charge(1, 0, "m");
    const supposed = meter.freeAt(1, 0);
    meter.left(first, 500);
    expect(meter.freeAt(1, 0)).toBeGreaterThan(supposed + 200);
  });
});
