import { describe, expect, it } from "vitest";
import { type AlertFacts, alertSettings, alertsOf } from "../../../src/engine/analysis/alerts.ts";

const calm: AlertFacts = {
  models: [{ model: "openai:a", succeeded: 100, failed: 0, unreadable: 0 }],
  budgets: [],
  windows: [],
  cache: undefined,
  variants: [],
  baseline: undefined,
  elapsedMs: 60_000,
  sent: 100,
  earlier: [],
};

const look = (facts: Partial<AlertFacts>, choices = {}) => alertsOf({ ...calm, ...facts }, alertSettings(choices));
const model = (succeeded: number, failed: number, unreadable = 0) => ({
  models: [{ model: "openai:a", succeeded, failed, unreadable }],
});

describe("alerts", () => {
  it("are silent while all is well", () => {
    expect(look({})).toEqual([]);
  });

  it("tell of more than a tenth of failures, not of a tenth", () => {
    expect(look(model(90, 10))).toEqual([]);
    expect(look(model(89, 11))).toMatchObject([
      { kind: "failures", subject: "openai:a", message: "openai:a: 11 of 100 requests failed (11 %)", value: 0.11 },
    ]);
  });

  it("take answers that cannot be read for failures", () => {
    expect(look(model(95, 5, 15))).toMatchObject([
      { message: expect.stringContaining("20 of 100 requests failed or could not be read") },
    ]);
    expect(look(model(100, 0, 30))).toMatchObject([{ message: expect.stringContaining("could not be read (30 %)") }]);
  });

  it("say nothing of three requests, one of which failed", () => {
    expect(look(model(2, 1))).toEqual([]);
    expect(look(model(0, 19))).toEqual([]);
    expect(look(model(17, 3))).toHaveLength(1);
  });

  it("tell of a budget that is nearly used up", () => {
    const budget = (used: number) => ({ budgets: [{ name: "200 calls", used, limit: 200 }] });
    expect(look(budget(179))).toEqual([]);
    expect(look(budget(180))).toMatchObject([{ kind: "quota", message: "90 % of the budget of 200 calls is used" }]);
  });

  it("take a full minute's window for what it is, and a full day's for a quota", () => {
    const window = (windowMs: number) => ({ windows: [{ pool: "openai", used: 95, limit: 100, windowMs }] });
    expect(look(window(60_000))).toEqual([]);
    expect(look(window(86_400_000))).toMatchObject([
      { kind: "quota", message: "openai: 95 of the 100 requests that the provider allows in 24 h are used" },
    ]);
  });

  it("tell of a cache that is more than four fifths full", () => {
    expect(look({ cache: { bytes: 80, maxBytes: 100 } })).toEqual([]);
    expect(look({ cache: { bytes: 81, maxBytes: 100 } })).toMatchObject([
      { kind: "cache", message: "the cache is 81 % full" },
    ]);
  });

  it("tell of a drop below the baseline that chance does not explain", () => {
    const against = (accuracy: number, trials: number) => ({
      variants: [{ id: "standard/a", trials, accuracy }],
      baseline: { run: "before", variants: [{ id: "standard/a", trials: 400, accuracy: 0.85 }] },
    });
    expect(look(against(0.7, 400))).toMatchObject([
      { kind: "accuracy", subject: "standard/a", message: "standard/a has 70 % where the baseline before had 85 %" },
    ]);
    // Too small to matter, too few to tell, better than before.
    expect(look(against(0.82, 400))).toEqual([]);
    expect(look(against(0.6, 40))).toEqual([]);
    expect(look(against(0.78, 60))).toEqual([]);
    expect(look(against(0.95, 400))).toEqual([]);
  });

  it("tell of a run that takes twice as long as runs that asked as much", () => {
    const earlier = (sent: number) => Array.from({ length: 3 }, () => ({ durationMs: 25_000, sent }));
    expect(look({ earlier: earlier(100) })).toMatchObject([
      { kind: "duration", message: "it has taken 1 min 0 s, where 3 earlier runs took 25 s on average", value: 2.4 },
    ]);
    expect(look({ earlier: earlier(100).slice(1) })).toEqual([]);
    // These had their answers from the cache.
    expect(look({ earlier: earlier(0) })).toEqual([]);
    expect(look({ earlier: earlier(20) })).toEqual([]);
    expect(look({ earlier: earlier(100).map((one) => ({ ...one, durationMs: 31_000 })) })).toEqual([]);
  });

  it("take other thresholds, and are switched off one by one", () => {
    expect(look(model(89, 11), { failures: 0.2 })).toEqual([]);
    expect(look(model(89, 11), { failures: null })).toEqual([]);
    expect(look(model(96, 4), { failures: 0.02 })).toHaveLength(1);
    expect(() => alertSettings({ cache: -1 })).toThrow("the threshold of the cache alert is -1");
  });
});
