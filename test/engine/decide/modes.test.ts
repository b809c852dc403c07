import { describe, expect, test } from "vitest";
import { UserError } from "../../../src/base/errors.ts";
import { roundEnds } from "../../../src/engine/decide/halving.ts";
import { openSampler } from "../../../src/engine/decide/open.ts";
import { openPatience } from "../../../src/engine/decide/patience.ts";
import { mcnemarMidP } from "../../../src/engine/stats/mcnemar.ts";
import { bonettPrice } from "../../../src/engine/stats/pairedDifference.ts";
import { wilson } from "../../../src/engine/stats/proportion.ts";
import { bernoulli, finish, options, play } from "./support.ts";

describe("full and fixed", () => {
  test("test once at the end, with McNemar, Holm, Bonett-Price and Wilson", () => {
    const scores = bernoulli([0.6, 0.8, 0.78], 300, "full");
    const sampler = play(scores, { mode: "full" });
    const verdict = sampler.verdict();
    expect(sampler.watermark).toBe(300);
    expect(verdict.scope).toBe("population");
    const best = verdict.winner === "B" ? 1 : 2;
    const against = (v: number) => {
      const wins = scores.filter((r) => (r[best] ?? 0) > (r[v] ?? 0)).length;
      const losses = scores.filter((r) => (r[best] ?? 0) < (r[v] ?? 0)).length;
      return { wins, losses, p: mcnemarMidP(wins, losses) };
    };
    const a = against(0);
    const rival = verdict.rivals.find((r) => r.id === "A");
    expect(rival?.pValue).toBeCloseTo(a.p, 12);
    expect(rival?.adjusted).toBeCloseTo(2 * a.p, 12);
    expect(rival?.interval).toEqual(bonettPrice(a.wins, a.losses, 300, verdict.rivals.length === 2 ? 1 - 0.95 : 0));
    const state = sampler.variants()[0];
    expect(state?.interval).toEqual(wilson(state?.correct ?? 0, 300, 1 - 0.95));
  });

  test("a tie of two good ones is undecided on future rows and says how many more it would take", () => {
    const verdict = play(bernoulli([0.5, 0.8, 0.79], 300, "close"), { mode: "full" }).verdict();
    expect(verdict.kind).toBe("undecided");
    expect([...verdict.tied].sort()).toEqual(["B", "C"]);
    expect(verdict.moreTrials === null || verdict.moreTrials > 0).toBe(true);
  });

  test("in dataset scope all rows are the answer", () => {
    const verdict = play(bernoulli([0.5, 0.8, 0.7], 300, "close"), { mode: "full", scope: "dataset" }).verdict();
    expect(verdict).toMatchObject({ kind: "winner", winner: "B", scope: "dataset" });
    expect(verdict.explanation).toContain("all 300 rows are done");
  });

  test("layouts that never differ hardly matter", () => {
    const same = bernoulli([0.8], 400, "same").map(([x = 0]) => [x, x]);
    const verdict = play(same, { mode: "full", equivalence: 0.05 }).verdict();
    expect(verdict).toMatchObject({ kind: "equivalent", tied: ["A", "B"] });
    expect(verdict.explanation).toContain("Layout hardly matters here");
  });

  test("fixed stops at its number of rows", () => {
    expect(play(bernoulli([0.6, 0.8], 300, "f"), { mode: "fixed", max: 120 }).watermark).toBe(120);
    expect(play(bernoulli([0.6, 0.8], 30, "f"), { mode: "fixed", max: 120 }).watermark).toBe(30);
  });

  test("scores between 0 and 1 are tested by bootstrap", () => {
    const scores = bernoulli([0.5, 0.8], 100, "soft").map((r) => r.map((x) => 0.1 + 0.7 * x));
    const verdict = play(scores, { mode: "full" }).verdict();
    expect(verdict).toMatchObject({ kind: "winner", winner: "B" });
  });
});

describe("doubling", () => {
  test("looks at 50, doubling, and stops when every Wald interval is narrow", () => {
    const scores = Array.from({ length: 600 }, () => [1, 1]);
    const sampler = play(scores, { mode: "doubling" });
    expect(sampler.watermark).toBe(50);
    expect(sampler.decisions()[0]).toMatchObject({ kind: "looked", row: 50 });
    expect(sampler.verdict().guaranteed).toBe(false);
    expect(sampler.verdict().explanation).toContain("no error rate");
  });

  test("goes to 500 otherwise", () => {
    const sampler = play(bernoulli([0.7, 0.6], 700, "wide"), { mode: "doubling" });
    const looks = sampler.decisions().filter((d) => d.kind === "looked");
    expect(looks.map((d) => d.row)).toEqual([50, 100, 200, 400, 500]);
    expect(sampler.watermark).toBe(500);
  });

  test("does not name rows past the next look", () => {
    const sampler = openSampler(options(bernoulli([0.7, 0.6], 700, "wide"), { mode: "doubling" }));
    expect(sampler.ask(10_000)).toHaveLength(100);
  });

  test("with patience it drops what stays behind", () => {
    const sampler = play(bernoulli([0.9, 0.4], 700, "patience"), { mode: "doubling", patience: {} });
    const drop = sampler.decisions().find((d) => d.kind === "dropped");
    expect(drop).toMatchObject({ variant: "B", row: 200 });
    expect(drop?.reason).toContain("no error rate");
  });
});

describe("patience", () => {
  const look = (p: ReturnType<typeof openPatience>, a: number, b: number) =>
    p.look(
      new Map([
        [0, a],
        [1, b],
      ]),
    );
  test("counts looks in a row, and forgives one that is close", () => {
    const p = openPatience();
    expect(look(p, 0.8, 0.6)).toEqual([]);
    expect(look(p, 0.8, 0.6)).toEqual([]);
    expect(look(p, 0.8, 0.75)).toEqual([]);
    expect(look(p, 0.8, 0.6)).toEqual([]);
    expect(look(p, 0.8, 0.6)).toEqual([]);
    expect(look(p, 0.8, 0.6)).toEqual([1]);
  });
  test("a gap of exactly the threshold is not enough", () => {
    const p = openPatience({ patience: 1, threshold: 0.25 });
    expect(look(p, 0.75, 0.5)).toEqual([]);
    expect(look(p, 0.75, 0.49)).toEqual([1]);
  });
});

describe("halving", () => {
  test("what nothing parts is level, not a winner", () => {
    const same = bernoulli([0.7], 100, "halving tie").map(([x = 0]) => [x, x, x]);
    const sampler = play(same, { mode: "halving", budget: 120 });
    const verdict = sampler.verdict();
    expect(verdict).toMatchObject({ kind: "equivalent", winner: "A", tied: ["A", "B", "C"], guaranteed: false });
    expect(verdict.explanation).toMatch(
      /^A, B and C are exactly level on the rows they share .* bounds the cost, not the error\.$/,
    );
    expect(sampler.decisions().at(-1)?.kind).toBe("equivalent");
    for (const d of sampler.decisions().filter((x) => x.kind === "dropped")) expect(d.reason).toContain("level with");
  });

  test("spends its budget and no more, on shared rows", () => {
    const sampler = play(bernoulli([0.5, 0.9, 0.6, 0.55], 400, "halve"), { mode: "halving", budget: 400 });
    const calls = sampler.variants().reduce((s, v) => s + v.trials, 0);
    expect(calls).toBeLessThanOrEqual(400);
    expect(calls).toBeGreaterThan(380);
    expect(sampler.verdict()).toMatchObject({ winner: "B", guaranteed: false });
    expect(sampler.verdict().explanation).toContain("bounds the cost, not the error");
    expect(roundEnds(4, 400, 400)).toEqual([50, 150]);
  });
  test("a budget that cannot reach everyone is refused", () => {
    expect(() => play(bernoulli([0.5, 0.9, 0.6, 0.55], 40, "halve"), { mode: "halving", budget: 7 })).toThrow(
      UserError,
    );
  });
});

describe("bandit", () => {
  test("gives most calls to the best arm and names it without a guarantee", () => {
    const sampler = play(bernoulli([0.65, 0.8, 0.67], 400, "arms"), { mode: "bandit", confidence: 0.99 });
    const [a, b, c] = sampler.variants().map((v) => v.trials);
    expect(b).toBeGreaterThan(a ?? 0);
    expect(b).toBeGreaterThan(c ?? 0);
    expect(sampler.verdict()).toMatchObject({ winner: "B", kind: "winner", guaranteed: false });
    expect(sampler.verdict().explanation).toContain("not an error rate");
  });
  test("stops at its budget, undecided", () => {
    const sampler = play(bernoulli([0.8, 0.8], 400, "arms"), { mode: "bandit", budget: 40, confidence: 0.999 });
    expect(sampler.variants().reduce((s, v) => s + v.trials, 0)).toBe(40);
    expect(sampler.verdict().kind).toBe("undecided");
  });
});

describe("the cheaper layout", () => {
  const candidates = [
    { id: "today", cost: 2 },
    { id: "cached", cost: 1.59 },
    { id: "tiny", cost: 1 },
    { id: "lavish", cost: 3 },
  ];
  const more = { candidates, objective: "cheaper", baseline: "today", equivalence: 0.02 } as const;
  const scores = bernoulli([0.8], 1500, "cheap").map(([x = 0], i) => [
    x,
    i % 40 === 0 ? 1 - x : x,
    i % 3 === 0 ? 0 : x,
    1,
  ]);

  test("not worse by more than e, and so much saved", () => {
    const sampler = play(scores, more);
    const verdict = sampler.verdict();
    expect(verdict).toMatchObject({ kind: "nonInferior", winner: "cached", scope: "dataset" });
    expect(verdict.saves).toBeCloseTo(0.41, 10);
    expect(verdict.explanation).toContain("saves 0.41 per 1,000 calls");
    expect(sampler.watermark).toBeLessThan(1500);
    const status = Object.fromEntries(sampler.variants().map((v) => [v.id, [v.status, v.trials]]));
    expect(status["lavish"]).toEqual(["dropped", 0]);
    expect(status["tiny"]?.[0]).toBe("dropped");
    expect(status["cached"]?.[0]).toBe("won");
  });

  test("keeps the baseline when nothing cheaper is good enough", () => {
    const poor = scores.map((r) => [r[0] ?? 0, 0, 0, 1]);
    expect(play(poor, more).verdict()).toMatchObject({ kind: "winner", winner: "today" });
  });

  test("nothing is cheaper: no call is made", () => {
    const sampler = play(scores, { ...more, baseline: "tiny" });
    expect(sampler.watermark).toBe(0);
    expect(sampler.verdict().explanation).toContain("nothing to save");
  });

  test("in population scope it may stay undecided, and then keeps the baseline", () => {
    const verdict = play(scores.slice(0, 60), { ...more, scope: "population" }).verdict();
    expect(verdict).toMatchObject({ kind: "undecided", winner: "today", scope: "population" });
  });

  test("a full run can say it too", () => {
    const verdict = play(scores, { ...more, mode: "full", equivalence: 0.03 }).verdict();
    expect(verdict).toMatchObject({ kind: "nonInferior", winner: "cached", scope: "population" });
  });

  test("wrong claims stay under alpha at the boundary", () => {
    let wrong = 0;
    for (let i = 0; i < 200; i++) {
      const worse = bernoulli([0.9], 300, `ni${i}`).map(([x = 0]) => [x, x]);
      // Eleven rows of 300, 3.7 points, are more than e.
      const rights = worse.map((r, at) => (r[0] === 1 ? at : -1)).filter((at) => at >= 0);
      for (const at of rights.slice(i % 50, (i % 50) + 11)) (worse[at] as number[])[1] = 0;
      const verdict = play(worse, {
        candidates: candidates.slice(0, 2),
        objective: "cheaper",
        baseline: "today",
        equivalence: 0.035,
      });
      if (verdict.verdict().kind === "nonInferior") wrong++;
    }
    expect(wrong / 200).toBeLessThanOrEqual(0.08);
  });

  test("costs and a baseline are needed", () => {
    expect(() => openSampler(options(scores, { objective: "cheaper" }))).toThrow(UserError);
    expect(() => openSampler(options(scores, { objective: "cheaper", baseline: "A" }))).toThrow("no cost");
  });
});

describe("bayes", () => {
  const styles = ["plain", "markdown", "xml"];
  const grid = styles.flatMap((style) =>
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((shots) => [0, 0.5, 1].map((t) => ({ style, shots, t }))),
  );
  const truth = grid.map((g) => 0.5 + 0.05 * styles.indexOf(g.style) + 0.03 * g.shots - 0.1 * g.t);
  const scores = bernoulli(truth, 300, "space");
  const axes = [
    { name: "style", kind: "category", values: grid.map((g) => g.style) },
    { name: "shots", kind: "number", values: grid.map((g) => g.shots) },
    { name: "temperature", kind: "number", values: grid.map((g) => g.t) },
  ] as const;
  const candidates = grid.map((g, i) => ({ id: `${i}:${g.style}/${g.shots}/${g.t}` }));
  const more = { mode: "bayes", candidates, axes, initial: 40, budget: 20 * 40, seed: 4 } as const;

  test("searches, then races the finalists on rows it has not used", () => {
    const sampler = play(scores, more);
    const verdict = sampler.verdict();
    const at = candidates.findIndex((c) => c.id === verdict.winner);
    expect(Math.max(...truth) - (truth[at] ?? 0)).toBeLessThan(0.1);
    expect(verdict.explanation).toContain("rows that the search did not use");
    const asked = new Set(
      sampler
        .decisions()
        .filter((d) => d.kind === "looked" && d.variant !== null)
        .map((d) => d.variant),
    );
    expect(asked.size).toBe(20);
    expect(
      sampler
        .decisions()
        .filter((d) => d.kind !== "looked")
        .every((d) => d.row > 40),
    ).toBe(true);
    expect(sampler.decisions().map((d) => d.sequence)).toEqual(sampler.decisions().map((_, i) => i));
  });

  test("earlier runs take the place of starts", () => {
    const warmStart = grid
      .slice(0, 8)
      .map((g, i) => ({ values: [g.style, g.shots, g.t], mean: truth[i] ?? 0, rows: 200 }));
    const sampler = finish(openSampler({ ...options(scores, more), warmStart }), scores);
    expect(sampler.verdict().winner).not.toBeNull();
  });

  test("resumes from its scores in any order", () => {
    const first = openSampler(options(scores, more));
    const heard: [number, number][] = [];
    for (let asks = first.ask(9); asks.length > 0 && heard.length < 1000; asks = first.ask(9)) {
      for (const a of asks) {
        first.tell(a.row, a.variant, scores[a.row]?.[a.variant] ?? 0);
        heard.push([a.row, a.variant]);
      }
    }
    const second = openSampler(options(scores, more));
    for (const [row, v] of heard.reverse()) second.tell(row, v, scores[row]?.[v] ?? 0);
    expect(second.decisions()).toEqual(first.decisions());
    expect(second.variants()).toEqual(first.variants());
  });
});
