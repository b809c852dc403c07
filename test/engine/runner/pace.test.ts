import { describe, expect, it } from "vitest";
import { Pace } from "../../../src/engine/runner/pace.ts";
import { VirtualClock } from "../../support/virtualClock.ts";

describe("the time a run has left", () => {
  it("is unknown before the first end, and follows the pace of late", async () => {
    const clock = new VirtualClock();
    const pace = new Pace(clock);
    expect(pace.left(10, 0)).toBeUndefined();
    for (let second = 0; second < 60; second++) {
      await clock.advance(1000);
      pace.add(second < 40 ? 1 : 5);
    }
    expect(pace.left(100, 0)).toBeCloseTo(20_000, -4);
    expect(pace.left(0, 0)).toBe(0);
  });

  it("is what limits take at least, however fast a burst was", async () => {
    const clock = new VirtualClock();
    const pace = new Pace(clock);
    await clock.advance(1000);
    pace.add(12);
    expect(pace.left(48, 240_000)).toBe(240_000);
    // In the pause between two bursts nothing ends.
    await clock.advance(40_000);
    expect(pace.left(48, 200_000)).toBe(200_000);
    // Slower than its limits: the pace since the start says how much.
    expect(pace.left(480, 200_000)).toBeCloseTo((480 / 12) * 41_000);
  });
});
