import { describe, expect, test } from "vitest";
import { UserError } from "../../../src/base/errors.ts";
import { openRace, openSampler } from "../../../src/engine/decide/open.ts";
import { bernoulli, finish, options, play } from "./support.ts";

const constant = (rows: number, ...scores: number[]) => Array.from({ length: rows }, () => scores);

describe("a race in dataset scope", () => {
  test("names the better layout, drops the others with numbers, and saves calls", () => {
    const scores = bernoulli([0.6, 0.9, 0.62], 600, "clear");
    const race = play(scores);
    const verdict = race.verdict();
    expect(verdict).toMatchObject({
      kind: "winner",
      scope: "dataset",
      winner: "B",
      confidence: 0.95,
      equivalence: 0.01,
    });
    expect(verdict.explanation).toBe(
      `B wins on this dataset (95 % confidence): after ${race.watermark} of 600 rows, finishing the rest would not show another layout more than 1 point better.`,
    );
    expect(verdict.explanation).not.toContain("future");
    expect(race.watermark).toBeLessThan(200);
    const dropped = race.decisions().filter((d) => d.kind === "dropped");
    expect(dropped.map((d) => d.variant).sort()).toEqual(["A", "C"]);
    for (const d of dropped) {
      expect(d.numbers.logWealth).toBeGreaterThanOrEqual(d.numbers.logThreshold ?? Number.NaN);
      expect(d.numbers.opponent).toBe("B");
      expect(d.numbers.difference).toBeLessThan(0);
    }
    expect(race.decisions().at(-1)).toMatchObject({ kind: "won", variant: "B", row: race.watermark });
    expect(race.decisions().map((d) => d.sequence)).toEqual([0, 1, 2]);
  });

  test("decisions survive JSON", () => {
    const race = play(bernoulli([0.6, 0.9], 300, "json"));
    expect(JSON.parse(JSON.stringify(race.decisions()))).toEqual(race.decisions());
    expect(JSON.parse(JSON.stringify(race.verdict()))).toEqual(race.verdict());
  });

  test("at the last row it is exact, whatever the bets say", () => {
    const scores = [...constant(19, 1, 1), [1, 0]];
    const race = play(scores, { equivalence: 0 });
    expect(race.watermark).toBe(20);
    expect(race.verdict()).toMatchObject({ kind: "winner", winner: "A", tied: [], moreTrials: 0 });
    expect(race.verdict().explanation).toBe(
      "A wins on this dataset: all 20 rows are done, and it is best with 100 %, 5 points ahead of B (exact for this dataset; new rows may differ).",
    );
  });

  test("stops as soon as the rows left cannot turn it", () => {
    // After five of ten the other can only draw level.
    const race = play([...constant(6, 1, 0), ...constant(4, 0, 1)], { equivalence: 0, confidence: 0.999999 });
    expect(race.watermark).toBe(5);
    expect(race.verdict().winner).toBe("A");
  });

  test("never asks more than there is", () => {
    const race = play(bernoulli([0.7, 0.7, 0.7], 150, "tie"), { equivalence: 0 });
    const calls = race.variants().reduce((s, v) => s + v.trials, 0);
    expect(calls).toBeLessThanOrEqual(450);
  });

  test("a larger margin never needs more rows", () => {
    const scores = bernoulli([0.8, 0.76, 0.75], 800, "margin");
    const rows = [0, 0.01, 0.02, 0.05].map((equivalence) => play(scores, { equivalence }).watermark);
    expect(rows).toEqual([...rows].sort((a, b) => b - a));
  });

  test("scores need not be 0 or 1", () => {
    const scores = bernoulli([0.5, 0.8], 400, "partial").map((r) => r.map((x) => 0.25 + x / 2));
    expect(play(scores).verdict()).toMatchObject({ kind: "winner", winner: "B" });
  });

  test("evidence stays in [0, 1], and is 1 for what was dropped", () => {
    const race = play(bernoulli([0.6, 0.9, 0.8], 300, "evidence"));
    for (const v of race.variants()) {
      expect(v.evidence).toBeGreaterThanOrEqual(0);
      expect(v.evidence).toBeLessThanOrEqual(1);
      if (v.status === "dropped") expect(v.evidence).toBe(1);
      expect(v.interval[0]).toBeLessThanOrEqual(v.accuracy);
      expect(v.interval[1]).toBeGreaterThanOrEqual(v.accuracy);
    }
  });

  test("a budget that ends early leaves it undecided, with the rows it may still need", () => {
    const race = play(bernoulli([0.8, 0.79], 500, "budget"), { maxRows: 40 });
    const verdict = race.verdict();
    expect(verdict.kind).toBe("undecided");
    expect([...verdict.tied].sort()).toEqual(["A", "B"]);
    expect(verdict.moreTrials).toBeGreaterThan(0);
    expect(verdict.moreTrials).toBeLessThanOrEqual(460);
    expect(race.decisions().at(-1)).toMatchObject({ kind: "stopped", variant: null });
  });
});

describe("ties", () => {
  test("identical layouts are equivalent, cheaply: layout hardly matters", () => {
    const race = play(bernoulli([0.8], 1000, "same").map(([x = 0]) => [x, x, x]));
    expect(race.verdict()).toMatchObject({ kind: "equivalent", winner: "A" });
    expect(race.verdict().tied).toHaveLength(3);
    expect(race.verdict().explanation).toContain("Layout hardly matters here");
    expect(race.watermark).toBeLessThan(1000);
  });

  test.each([
    ["all right", 1],
    ["all wrong", 0],
  ])("%s is a tie", (_, x) => {
    const race = play(constant(100, x, x));
    expect(race.verdict()).toMatchObject({ kind: "equivalent", winner: "A", tied: ["A", "B"] });
  });

  test("without a margin an exact tie takes every row", () => {
    const race = play(constant(50, 1, 1), { equivalence: 0 });
    expect(race.watermark).toBe(50);
    expect(race.verdict()).toMatchObject({ kind: "equivalent", tied: ["A", "B"] });
    expect(race.verdict().explanation).toContain("exactly tied");
  });

  test("costs break ties", () => {
    const candidates = [
      { id: "dear", cost: 2 },
      { id: "cheap", cost: 1 },
    ];
    const race = play(constant(50, 1, 1), { equivalence: 0, candidates });
    expect(race.verdict().winner).toBe("cheap");
    expect(race.verdict().explanation).toContain("costs least");
  });

  test("on request it stops when all that are left are shown to be equivalent", () => {
    const scores = bernoulli([0.8], 2000, "tost").map(([x = 0], i) =>
      i % 100 === 0 ? [1, 0] : i % 100 === 50 ? [0, 1] : [x, x],
    );
    const race = play(scores, { equivalence: 0.05, stopWhenEquivalent: true });
    expect(race.watermark).toBeLessThan(1500);
    expect(race.verdict()).toMatchObject({ kind: "equivalent" });
    expect(race.decisions().at(-1)?.kind).toBe("equivalent");
  });
});

describe("population scope", () => {
  test("a clear difference is a statement about future rows only", () => {
    const race = play(bernoulli([0.5, 0.9], 400, "pop"), { scope: "population" });
    expect(race.verdict()).toMatchObject({ kind: "winner", scope: "population", winner: "B" });
    expect(race.verdict().explanation).toContain("future rows");
    expect(race.verdict().explanation).not.toContain("dataset");
  });

  test("a small one stays undecided even when all rows are done", () => {
    const race = play(bernoulli([0.8, 0.78], 150, "small"), { scope: "population", equivalence: 0 });
    expect(race.watermark).toBe(150);
    expect(race.verdict().kind).toBe("undecided");
    expect(race.verdict().explanation).toContain("future rows");
  });
});

describe("strict mode", () => {
  test("names the same winner and drops nobody without evidence", () => {
    const scores = bernoulli([0.6, 0.9, 0.62], 600, "strict");
    const race = play(scores, { strict: true });
    expect(race.verdict()).toMatchObject({ kind: "winner", winner: "B" });
    expect(race.watermark).toBeLessThan(300);
  });

  test("takes no newcomers", () => {
    const race = openRace(options(constant(10, 1, 0), { strict: true }));
    expect(() => race.join({ id: "C" })).toThrow(UserError);
  });
});

describe("rows that cannot be had", () => {
  const scores = bernoulli([0.6, 0.9], 200, "void").map((r, i) => (i % 7 === 3 ? [r[0] ?? 0, Number.NaN] : r));

  test("count for nobody when one variant lacks them", () => {
    const race = play(scores);
    expect(race.verdict().winner).toBe("B");
    const [a, b] = race.variants();
    expect(a?.trials).toBe(b?.trials);
    const skipped = race.decisions().filter((d) => d.kind === "skipped");
    expect(skipped.length).toBe(race.watermark - (a?.trials ?? 0));
  });

  test("all of them: nothing is known, nobody is named", () => {
    const race = play(constant(5, Number.NaN, 1));
    expect(race.finished).toBe(true);
    expect(race.verdict()).toMatchObject({ kind: "undecided", winner: null, moreTrials: null });
  });
});

describe("tiny and odd inputs", () => {
  test("one row decides itself and says how little that is", () => {
    const race = play([[1, 0]]);
    expect(race.verdict()).toMatchObject({ kind: "winner", winner: "A" });
    expect(play([[1, 1]]).verdict()).toMatchObject({ kind: "equivalent", tied: ["A", "B"] });
    expect(play([[1, 1]]).verdict().explanation).toContain("The only row is done");
  });

  test("one variant is measured, and there is nothing to compare", () => {
    const race = play(bernoulli([0.7], 60, "one"));
    expect(race.watermark).toBe(60);
    expect(race.verdict()).toMatchObject({ kind: "winner", winner: "A", rivals: [] });
    expect(race.verdict().explanation).toContain("only layout");
  });

  test.each([
    ["e of 1 or more", { equivalence: 1 }],
    ["a negative e", { equivalence: -0.01 }],
    ["no confidence", { confidence: 0.4 }],
    ["certainty", { confidence: 1 }],
    ["no rows", { rows: 0 }],
    ["no variants", { candidates: [] }],
    ["twins", { candidates: [{ id: "x" }, { id: "x" }] }],
    ["a negative cost", { candidates: [{ id: "x", cost: -1 }] }],
    ["a baseline that is not there", { baseline: "nobody" }],
  ])("%s is refused", (_, more) => {
    expect(() => openSampler(options(constant(5, 1, 0), more))).toThrow(UserError);
  });

  test.each([[1.5], [-0.1], [Number.NaN]])("a score of %d is refused", (score) => {
    expect(() => openSampler(options(constant(5, 1, 0))).tell(0, 0, score)).toThrow(UserError);
  });

  test("telling the same twice is harmless, telling something else is a bug", () => {
    const race = openSampler(options(constant(5, 1, 0)));
    race.tell(0, 0, 1);
    expect(race.tell(0, 0, 1)).toEqual([]);
    expect(() => race.tell(0, 0, 0)).toThrow("was told");
    expect(() => race.tell(9, 0, 1)).toThrow("no trial");
  });

  test("ask never names a trial twice, nor more than the limit", () => {
    const race = openSampler(options(constant(5, 1, 0)));
    const first = race.ask(3);
    const rest = race.ask(100);
    expect(first).toHaveLength(3);
    const keys = [...first, ...rest].map((a) => `${a.row}/${a.variant}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toHaveLength(10);
    expect(race.ask(5)).toEqual([]);
  });
});

describe("joining", () => {
  const scores = bernoulli([0.6, 0.7, 0.95], 400, "join");

  test("a newcomer is run on the rows before it and can win", () => {
    const race = openRace(options(scores.map((r) => r.slice(0, 2))));
    for (let i = 0; i < 30; i++)
      for (const a of race.ask(2)) race.tell(a.row, a.variant, scores[a.row]?.[a.variant] ?? 0);
    expect(race.watermark).toBe(30);
    const { variant, decisions } = race.join({ id: "C" });
    expect(variant).toBe(2);
    expect(decisions).toMatchObject([{ kind: "joined", variant: "C", row: 30 }]);
    expect(race.ask(30).every((a) => a.variant === 2 && a.row < 30)).toBe(true);
    for (let row = 0; row < 30; row++) race.tell(row, 2, scores[row]?.[2] ?? 0);
    finish(race, scores);
    expect(race.verdict().winner).toBe("C");
    expect(race.variants()[2]?.trials).toBe(race.watermark);
  });

  test("reopens a race that was over", () => {
    const race = openRace(options(scores.map((r) => r.slice(0, 2))));
    finish(race, scores);
    expect(race.finished).toBe(true);
    race.join({ id: "C" });
    expect(race.finished).toBe(false);
    finish(race, scores);
    expect(race.verdict().winner).toBe("C");
    expect(race.variants().filter((v) => v.status === "won")).toHaveLength(1);
  });

  test("a hopeless newcomer is dropped in the rows before it", () => {
    const poor = scores.map((r) => [r[2] ?? 0, r[1] ?? 0, 0]);
    const race = openRace(options(poor.map((r) => r.slice(0, 2))));
    finish(race, poor);
    const row = race.watermark;
    race.join({ id: "C" });
    finish(race, poor);
    expect(race.verdict().winner).toBe("A");
    expect(race.variants()[2]?.trials).toBeLessThan(row);
  });

  test("the same id cannot join twice", () => {
    expect(() => openRace(options(scores)).join({ id: "A" })).toThrow(UserError);
  });

  test("resuming with the stored join gives the same race", () => {
    const live = openRace(
      options(
        scores.map((r) => r.slice(0, 2)),
        { equivalence: 0.02 },
      ),
    );
    const heard: [number, number][] = [];
    const tell = (row: number, v: number) => {
      live.tell(row, v, scores[row]?.[v] ?? 0);
      heard.push([row, v]);
    };
    for (let i = 0; i < 15; i++) for (const a of live.ask(2)) tell(a.row, a.variant);
    const joined = live.join({ id: "C" }).decisions[0]?.row ?? -1;
    for (let asks = live.ask(7); asks.length > 0; asks = live.ask(7)) for (const a of asks) tell(a.row, a.variant);
    const again = openSampler(options(scores, { equivalence: 0.02, joins: [{ variant: 2, row: joined }] }));
    for (const [row, v] of heard.reverse()) again.tell(row, v, scores[row]?.[v] ?? 0);
    expect(again.decisions()).toEqual(live.decisions());
    expect(again.verdict()).toEqual(live.verdict());
  });
});
