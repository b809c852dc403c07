import { describe, expect, test } from "vitest";
import { compare, noiseFloor, planPower } from "../../../src/engine/decide/compare.ts";
import { agreeModels } from "../../../src/engine/decide/models.ts";
import { bernoulli } from "./support.ts";

const sides = (rows: readonly (readonly number[])[]) =>
  [0, 1].map((v) => new Map(rows.map((r, i) => [`row ${i}`, r[v] ?? 0] as const))) as [
    Map<string, number>,
    Map<string, number>,
  ];

describe("comparing two sides", () => {
  test("pairs by id, whatever the order, and counts what only one has", () => {
    const a = new Map([
      ["x", 1],
      ["y", 0],
      ["z", 1],
    ]);
    const b = new Map([
      ["z", 0],
      ["w", 1],
      ["y", 1],
    ]);
    expect(compare(a, b)).toMatchObject({ rows: 2, onlyA: 1, onlyB: 1, wins: 1, losses: 1, ties: 0, difference: 0 });
  });

  test("a real difference is significant, with interval, effect and power", () => {
    const [a, b] = sides(bernoulli([0.7, 0.85], 600, "compare"));
    const c = compare(a, b);
    expect(c.significant).toBe(true);
    expect(c.test.interval[0]).toBeGreaterThan(0);
    expect(c.bootstrap.interval[0]).toBeGreaterThan(0);
    expect(c.effect.cohensH).toBeGreaterThan(0.2);
    expect(c.effect.oddsRatio).toBeGreaterThan(1);
    expect(c.power.rowsNeeded).toBeLessThan(600);
    expect(c.explanation).toContain("B is better by");
  });

  test("turning the sides round turns the signs", () => {
    const [a, b] = sides(bernoulli([0.7, 0.85], 300, "turn"));
    const one = compare(a, b);
    const two = compare(b, a);
    expect(two.difference).toBeCloseTo(-one.difference, 12);
    expect(two.test.pValue).toBe(one.test.pValue);
    expect(two.test.interval[0]).toBeCloseTo(-one.test.interval[1], 12);
  });

  test("a small one is not, and the sentence says what could have been seen", () => {
    const [a, b] = sides(bernoulli([0.8, 0.81], 200, "small"));
    expect(compare(a, b)).toMatchObject({ significant: false });
    expect(compare(a, b).explanation).toContain("not significant");
  });

  test("after a race only an interval that holds at any time is quoted", () => {
    const [a, b] = sides(bernoulli([0.8, 0.86], 300, "stopped"));
    const once = compare(a, b);
    const stopped = compare(a, b, { stoppedEarly: true });
    expect(once.interval).toEqual(once.test.interval);
    expect(stopped.interval[0]).toBeLessThan(once.interval[0]);
    expect(stopped.interval[1]).toBeGreaterThan(once.interval[1]);
    expect(stopped.significant).toBe(stopped.interval[0] > 0);
    expect(stopped.explanation).toContain("good at any stopping point");
    expect(stopped.explanation).not.toContain("p =");
  });

  test("nothing in common", () => {
    expect(compare(new Map([["x", 1]]), new Map([["y", 1]]))).toMatchObject({ rows: 0, significant: false });
    expect(compare(new Map(), new Map()).explanation).toContain("no example in common");
  });

  test("clusters widen the bootstrap", () => {
    // Ten copies of each row are worth one.
    const rows = bernoulli([0.6, 0.75], 40, "cluster").flatMap((r) => Array.from({ length: 10 }, () => r));
    const [a, b] = sides(rows);
    const naive = compare(a, b).bootstrap.interval;
    const honest = compare(a, b, { cluster: (id) => String(Math.floor(Number(id.slice(4)) / 10)) }).bootstrap.interval;
    expect(honest[1] - honest[0]).toBeGreaterThan(2 * (naive[1] - naive[0]));
  });
});

describe("the noise floor", () => {
  const first = bernoulli([0.8], 400, "aa").map(([x = 0], i) =>
    i % 40 === 0 ? [1, 0] : i % 40 === 20 ? [0, 1] : [x, x],
  );
  test("is what one side differs by from itself", () => {
    const [a, again] = sides(first);
    const noise = noiseFloor(a, again);
    expect(noise.flipRate).toBeCloseTo(0.05, 10);
    expect(noise.floor).toBeGreaterThan(0.01);
    expect(noise.floor).toBeLessThan(0.05);
    const slightly = new Map([...again].map(([id, score], i) => [id, i === 7 ? 1 - score : score]));
    const within = compare(a, slightly, { noise });
    expect(within.noise).toBeCloseTo(noise.floor, 10);
    expect(within.explanation).toContain("Running one side twice differs by as much");
    // A quarter of the rows has twice the noise.
    const quarter = new Map([...again].slice(0, 100));
    expect(compare(a, quarter, { noise }).noise).toBeCloseTo(2 * noise.floor, 10);
  });
  test("says so when the two runs really differ", () => {
    const [a, b] = sides(bernoulli([0.6, 0.9], 300, "drift"));
    expect(noiseFloor(a, b).explanation).toContain("something else changed");
  });
});

test("power is planned before it is paid for", () => {
  const plan = planPower({ rows: 531, discordance: 0.17 });
  expect(plan.needed.find((n) => n.difference === 0.05)?.rows).toBe(532);
  expect(plan.detectable).toBeCloseTo(0.05, 3);
  expect(planPower({ rows: 2000 }).detectable).toBeLessThan(planPower({ rows: 200 }).detectable ?? 0);
});

test("a plan says when rows are too few, and what a named difference takes", () => {
  expect(planPower({ rows: 5 })).toMatchObject({ detectable: null });
  expect(planPower({ rows: 5 }).explanation).toContain("too few");
  const plan = planPower({ rows: 100, effect: 0.04, discordance: 0.1, measuredIn: "r1" });
  const needed = plan.needed.find((n) => n.difference === 0.04)?.rows ?? 0;
  expect(plan.explanation).toContain(
    `To show 4 points takes ${needed} rows, ${needed - 100} more rows than there are.`,
  );
  expect(plan.explanation).toContain("as in run r1");
  expect(planPower({ rows: 100, comparisons: 4 }).detectable).toBeGreaterThan(planPower({ rows: 100 }).detectable ?? 1);
  expect(() => planPower({ rows: 100, effect: 2 })).toThrow("not possible");
});

describe("agreement of models", () => {
  const means = { standard: 0.8, recency: 0.7, sandwich: 0.6 };
  test("all of one mind", () => {
    const a = agreeModels([
      { model: "x", means, winner: "standard", kind: "winner" },
      { model: "y", means, winner: "standard", kind: "winner" },
    ]);
    expect(a.agreement).toBe(1);
    expect(a.layouts.map((l) => l.layout)).toEqual(["standard", "recency", "sandwich"]);
    expect(a.explanation).toContain("All 2 models name standard");
  });
  test("opposite minds, and a warning", () => {
    const a = agreeModels([
      { model: "x", means, winner: "standard", kind: "winner" },
      { model: "y", means: { standard: 0.6, recency: 0.7, sandwich: 0.8 }, winner: "sandwich", kind: "undecided" },
    ]);
    expect(a.tau[0]?.[1]).toBe(-1);
    expect(a.layouts.every((l) => l.meanRank === 2)).toBe(true);
    expect(a.explanation).toContain("Do not carry a winner");
  });
  test("one model has nobody to agree with", () => {
    expect(agreeModels([{ model: "x", means, winner: "standard", kind: "winner" }]).agreement).toBe(1);
  });
});
