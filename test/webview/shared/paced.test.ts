import { describe, expect, it } from "vitest";
import { paced, settled } from "../../../src/webview/shared/paced.ts";
import { VirtualClock } from "../../support/virtualClock.ts";

describe("paced values", () => {
  it("pass at once, then the newest once the time is up, and never more often", async () => {
    const clock = new VirtualClock();
    const seen: [number, number][] = [];
    const pass = paced<number>(clock, 100, (value) => seen.push([clock.monotonic(), value]));
    const start = clock.monotonic();
    for (let i = 0; i < 1000; i++) {
      pass(i);
      await clock.advance(1);
    }
    await clock.advance(200);
    expect(seen.length).toBe(11);
    expect(seen[0]).toEqual([start, 0]);
    expect(seen.at(-1)?.[1]).toBe(999);
    for (let i = 1; i < seen.length; i++)
      expect((seen[i]?.[0] ?? 0) - (seen[i - 1]?.[0] ?? 0)).toBeGreaterThanOrEqual(100);
  });
});

describe("settled values", () => {
  it("pass once after it has been quiet", async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const pass = settled<string>(clock, 250, (value) => seen.push(value));
    for (const text of ["r", "ru", "ruc"]) {
      pass(text);
      await clock.advance(200);
    }
    expect(seen).toEqual([]);
    await clock.advance(60);
    expect(seen).toEqual(["ruc"]);
  });
});
