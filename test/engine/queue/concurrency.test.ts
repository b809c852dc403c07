import { describe, expect, it } from "vitest";
import { AdaptiveConcurrency, type ConcurrencyChange } from "../../../src/engine/queue/concurrency.ts";

function open(start: number, max: number) {
  const changes: ConcurrencyChange[] = [];
  const control = new AdaptiveConcurrency({ start, max, onChange: (change) => changes.push(change) });
  const succeed = (times: number, exercised = true, now = 0) => {
    for (let i = 0; i < times; i++) control.succeeded(exercised, now);
  };
  return { control, changes, succeed };
}

describe("adaptive concurrency", () => {
  it("doubles with each full round of successes, up to its maximum", () => {
    const { control, succeed, changes } = open(3, 20);
    succeed(2);
    expect(control.limit).toBe(3);
    succeed(1);
    expect(control.limit).toBe(6);
    succeed(6 + 12);
    expect(control.limit).toBe(20);
    succeed(100);
    expect(changes.map(({ to }) => to)).toEqual([6, 12, 20]);
    expect(changes.every(({ reason }) => reason.length > 0)).toBe(true);
  });

  it("does not grow for successes that did not put it to the test", () => {
    const { control, succeed } = open(10, 100);
    succeed(1_000, false);
    expect(control.limit).toBe(10);
    expect([control.exercises(7), control.exercises(8)]).toEqual([false, true]);
  });

  it("cuts once for an episode: what was sent before the cut, or within 15 s, counts as the same", () => {
    const { control, changes } = open(64, 64);
    for (let i = 0; i < 30; i++) control.refused(900, 1_000 + i, undefined);
    control.refused(5_000, 6_000, undefined);
    expect(control.limit).toBe(32);
    control.refused(16_500, 16_600, undefined);
    expect(control.limit).toBe(25);
    expect(changes).toHaveLength(2);
  });

  it("lasts as long as the provider asks, without growth", () => {
    const { control, succeed } = open(64, 64);
    control.refused(0, 0, 100_000);
    succeed(1_000, true, 99_000);
    expect(control.limit).toBe(32);
    succeed(32, true, 100_001);
    expect(control.limit).toBe(33);
  });

  it("never falls below one", () => {
    const { control } = open(2, 2);
    for (let i = 1; i < 10; i++) control.refused(i * 100_000, i * 100_000, undefined);
    expect(control.limit).toBe(1);
  });

  it("pauses, and does not shrink, for the server's own troubles", () => {
    const { control, succeed } = open(8, 64);
    succeed(7);
    control.troubled();
    succeed(4);
    expect(control.limit).toBe(8);
    succeed(1);
    expect(control.limit).toBe(16);
  });
});
