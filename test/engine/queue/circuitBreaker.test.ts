import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "../../../src/engine/queue/circuitBreaker.ts";
import { presets } from "../../../src/engine/queue/presets.ts";

const settings = presets.default.breaker;

function openBreaker(at = 0): CircuitBreaker {
  const breaker = new CircuitBreaker(settings);
  for (let i = 0; i < settings.failures; i++) breaker.failed(at, 0);
  return breaker;
}

describe("a circuit", () => {
  it("opens after five failures in a row, and not after four and an answer", () => {
    const breaker = new CircuitBreaker(settings);
    for (let i = 0; i < 4; i++) expect(breaker.failed(0, 0)).toBe(false);
    breaker.succeeded();
    for (let i = 0; i < 4; i++) expect(breaker.failed(0, 0)).toBe(false);
    expect(breaker.kind).toBe("closed");
    expect(breaker.failed(0, 0)).toBe(true);
    expect(breaker.kind).toBe("open");
  });

  it("lets one probe through after 60 s", () => {
    const breaker = openBreaker();
    expect(breaker.freeIn(59_999, 0)).toBe(1);
    expect(breaker.freeIn(60_000, 0)).toBe(0);
    expect(breaker.sent(60_000)).toBe(true);
    expect(breaker.kind).toBe("halfOpen");
    expect(breaker.freeIn(60_001, 1)).toBe(Number.POSITIVE_INFINITY);
  });

  it("opens again when the probe fails, and is hopeless after three", () => {
    const breaker = openBreaker();
    for (let probe = 1; probe <= 3; probe++) {
      expect(breaker.hopeless).toBe(false);
      breaker.sent(probe * 60_000);
      breaker.failed(probe * 60_000, 0);
      expect(breaker.failedProbes).toBe(probe);
    }
    expect(breaker.hopeless).toBe(true);
  });

  it("closes after three answers, one at a time", () => {
    const breaker = openBreaker();
    breaker.sent(60_000);
    expect([breaker.succeeded(), breaker.succeeded()]).toEqual([false, false]);
    expect(breaker.freeIn(60_010, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(breaker.succeeded()).toBe(true);
    expect(breaker.freeIn(60_020, 5)).toBe(0);
  });

  it("is not reset by late failures of what was under way", () => {
    const breaker = openBreaker();
    expect(breaker.failed(30_000, 0)).toBe(false);
    expect(breaker.freeIn(30_000, 0)).toBe(30_000);
  });

  it("takes a late answer as a sign of life", () => {
    const breaker = openBreaker();
    expect(breaker.succeeded()).toBe(true);
    expect(breaker.kind).toBe("halfOpen");
  });

  it("survives a restart with the time it has left", () => {
    const state = openBreaker().toJSON(1_000_000, 0);
    expect(state).toEqual({ kind: "open", failures: 5, probes: 0, retryAt: 1_060_000 });
    const restored = new CircuitBreaker(settings, { state, wallNow: 1_040_000, now: 7 });
    expect(restored.freeIn(7, 0)).toBe(20_000);
  });

  it("never waits longer for a stored time than its settings say, whatever the wall clock does", () => {
    const state = openBreaker().toJSON(1_000_000, 0);
    expect(new CircuitBreaker(settings, { state, wallNow: 0, now: 0 }).freeIn(0, 0)).toBe(60_000);
    expect(new CircuitBreaker(settings, { state, wallNow: 9e12, now: 0 }).freeIn(0, 0)).toBe(0);
  });

  it("restores a half-open circuit to its probe, and a closed one with its count", () => {
    const half = { kind: "halfOpen", failures: 5, probes: 3, retryAt: 0 } as const;
    const breaker = new CircuitBreaker(settings, { state: half, wallNow: 0, now: 0 });
    expect([breaker.freeIn(0, 0), breaker.hopeless]).toEqual([0, false]);
    const closed = { kind: "closed", failures: 4, probes: 0, retryAt: 0 } as const;
    expect(new CircuitBreaker(settings, { state: closed, wallNow: 0, now: 0 }).failed(0, 0)).toBe(true);
  });
});
