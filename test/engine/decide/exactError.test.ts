import { describe, expect, test } from "vitest";
import { randomInt, seededRandom } from "../../../src/base/random.ts";
import { openSampler } from "../../../src/engine/decide/open.ts";
import type { SamplerOptions } from "../../../src/engine/decide/options.ts";
import { finish, options, type Scores } from "./support.ts";

/** Every order of the places 0 … n - 1. */
function orders(n: number): number[][] {
  if (n === 0) return [[]];
  return orders(n - 1).flatMap((order) =>
    Array.from({ length: n }, (_, at) => [...order.slice(0, at), n - 1, ...order.slice(at)]),
  );
}

const rows = 6;
const all = orders(rows);

/** A small table on which the first layout is best, by at least `margin` rows, over the rows that can be had. */
function table(name: string, k: number, margin: number, missing: number): Scores {
  const random = seededRandom("exact", name);
  for (;;) {
    const scores = Array.from({ length: rows }, (_, i) =>
      Array.from({ length: k }, () => (i < missing ? Number.NaN : randomInt(random, 2))),
    );
    const sum = (v: number) => scores.slice(missing).reduce((s, row) => s + (row[v] ?? 0), 0);
    if (Array.from({ length: k - 1 }, (_, v) => sum(0) - sum(v + 1)).every((lead) => lead >= margin)) return scores;
  }
}

/** Share of all orders in which the bets drop the first layout. */
function droppedShare(scores: Scores, more: Partial<SamplerOptions>): number {
  let dropped = 0;
  for (const order of all) {
    const shuffled = order.map((at) => scores[at] ?? []);
    const race = finish(openSampler(options(shuffled, { ...more, confidence })), shuffled);
    if (race.decisions().some((d) => d.kind === "dropped" && d.variant === "A" && d.row < rows)) dropped++;
  }
  return dropped / all.length;
}

/** Low, so that there are errors to count in so few rows. */
const confidence = 0.55;

describe("over every order of a small table the best is dropped no more often than is allowed", () => {
  test.each([
    ["tied or better, no margin", { equivalence: 0 }, 0, 0.45, 0],
    ["better by the margin: half the error", { equivalence: 1 / rows }, 1, 0.225, 0],
    ["tied or better, strict", { equivalence: 1 / rows, strict: true }, 0, 0.45, 0],
    ["no margin, a row missing", { equivalence: 0 }, 0, 0.45, 1],
    ["no margin, half the rows missing", { equivalence: 0 }, 0, 0.45, 3],
    ["better by the margin, two rows missing", { equivalence: 1 / rows }, 1, 0.225, 2],
  ] as const)("%s", (name, race, lead, allowed, missing) => {
    let worst = 0;
    for (let i = 0; i < 12; i++) {
      worst = Math.max(worst, droppedShare(table(`${name} ${i}`, 2 + (i % 3), lead, missing), race));
    }
    expect(worst).toBeLessThanOrEqual(allowed);
  });

  test("and there is something to count", () => {
    const shares = Array.from({ length: 12 }, (_, i) => droppedShare(table(`some ${i}`, 3, 0, 0), { equivalence: 0 }));
    expect(Math.max(...shares)).toBeGreaterThan(0.05);
  });
});
