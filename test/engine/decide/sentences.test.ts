import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideMatrix, type MatrixOptions } from "../../../src/engine/decide/decideMatrix.ts";
import { money, points } from "../../../src/engine/decide/words.ts";
import { bernoulli } from "./support.ts";

const names = ["standard", "recency", "sandwich"];
const say = (rows: readonly (readonly number[])[], options: MatrixOptions = {}) => {
  const columns = names.slice(0, rows[0]?.length ?? 0);
  return decideMatrix({ ids: rows.map((_, i) => String(i)), columns, rows }, options).verdict.explanation;
};
const clear = bernoulli([0.6, 0.9, 0.62], 600, "a");
const level = bernoulli([0.8], 600, "tie").map(([x = 0]) => [x, x, x]);
const cheap = bernoulli([0.9], 1500, "cheap").map(([x = 0], i) => [x, i % 40 === 0 ? 1 - x : x, i % 3 === 0 ? 0 : x]);
const costs = { standard: 1, recency: 0.59, sandwich: 0.2 };
const cheaper = { objective: "cheaper", baseline: "standard", costs, costUnit: "dollars", equivalence: 0.02 } as const;

describe("a verdict names its scope and its error rate, in one reading", () => {
  test.each<readonly [string, readonly (readonly number[])[], MatrixOptions, string | RegExp]>([
    [
      "winner",
      clear,
      {},
      "recency wins on this dataset (95 % confidence): after 27 of 600 rows, finishing the rest would not show another layout more than 1 point better.",
    ],
    ["winner without a margin", clear, { equivalence: 0 }, /finishing the rest would not show a better layout\.$/],
    [
      "winner for future rows",
      clear,
      { scope: "population" },
      "recency wins for future rows like these (95 % confidence): after 33 rows, no other layout can still be more than 1 point better.",
    ],
    [
      "tied",
      level,
      {},
      "Layout hardly matters here: all 3 layouts are within 1 point of each other on this dataset (95 % confidence, after 376 of 600 rows). standard is named because it stands first in the list.",
    ],
    ["tied, costs", level, { costs, costUnit: "dollars" }, / sandwich is named because it costs least\.$/],
    [
      "tied, tokens",
      level,
      { costs, costUnit: "promptTokens" },
      / sandwich is named because its prompts are the shortest\.$/,
    ],
    ["variants", level, { noun: "variant" }, /^The choice of variant hardly matters here: all 3 variants are/],
    ["all right", level.map((r) => r.map(() => 1)), {}, / Every answer was right: harder rows would tell more\.$/],
    [
      "all wrong",
      level.map((r) => r.map(() => 0)),
      {},
      / Every answer scored 0: check the expected answers, the labels/,
    ],
    ["one row", [[1, 0]], {}, "The only row is done: standard is best on it. One row says nothing about others."],
    [
      "one layout",
      clear.map((r) => r.slice(0, 1)),
      {},
      "standard is the only layout, so there is nothing to compare: it scores 61.5 % on 600 rows.",
    ],
    [
      "undecided",
      clear,
      { maxRows: 24 },
      /^Undecided after 24 of 600 rows: the best layout on this dataset is recency or standard \(95 % confidence\); recency leads by [\d.]+ points\. A few more rows should decide it\.$/,
    ],
    [
      "undecided, nobody out",
      level,
      { maxRows: 18 },
      "Undecided after 18 of 600 rows: none of the 3 layouts can be ruled out as the best on this dataset (95 % confidence); standard and recency are level. The 582 rows left would decide it.",
    ],
    ["no row", [[Number.NaN, 1]], {}, "No row could be answered, so nothing is known."],
    [
      "not worse and cheaper",
      cheap,
      cheaper,
      "recency can replace standard: within 2 points of it, or better, on this dataset (95 % confidence, after 1,489 of 1,500 rows), and it saves $0.41 per 1,000 calls.",
    ],
    [
      "not worse and cheaper in tokens",
      cheap,
      { ...cheaper, costs: { standard: 90_000, recency: 49_000, sandwich: 20_000 }, costUnit: "promptTokens" },
      /and it saves 41,000 prompt tokens per 1,000 calls\.$/,
    ],
    [
      "nothing cheaper is good enough",
      cheap.map(([x = 0]) => [x, 0, 0]),
      cheaper,
      "Keep standard: after 11 of 1,500 rows every cheaper layout is more than 2 points worse on this dataset (95 % confidence for each).",
    ],
    [
      "full run",
      clear,
      { mode: "full" },
      "recency wins for future rows like these (95 % confidence): on 600 rows it is better than every other layout (McNemar's test, corrected by Holm).",
    ],
    [
      "full run, other scores",
      clear.map((r) => r.map((x) => x / 2)),
      { mode: "full" },
      /\(paired bootstrap, corrected by Holm\)/,
    ],
    ["doubling", clear, { mode: "doubling" }, /\(nominal 95 %\).* this verdict has no error rate\.$/],
    ["halving", clear, { mode: "halving" }, /bounds the cost, not the error\.$/],
    ["bandit", clear, { mode: "bandit" }, /that share is not an error rate\.$/],
  ])("%s", (_, rows, options, wanted) => {
    const said = say(rows, options);
    if (typeof wanted === "string") expect(said).toBe(wanted);
    else expect(said).toMatch(wanted);
    // The two scopes never meet in one sentence.
    expect(said.includes("dataset") && said.includes("future rows")).toBe(false);
  });

  test("the data keep ids where sentences use names", () => {
    const { verdict, decisions } = decideMatrix({ ids: clear.map((_, i) => `${i}`), columns: names, rows: clear }, {});
    expect(verdict.winner).toBe("recency");
    expect(decisions.at(-1)?.variant).toBe("recency");
  });
});

const cell = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(0, 1) },
  { weight: 1, arbitrary: fc.constantFrom(0.25, 0.5, Number.NaN) },
);
const anyRows = fc
  .integer({ min: 1, max: 3 })
  .chain((k) => fc.array(fc.array(cell, { minLength: k, maxLength: k }), { minLength: 1, maxLength: 70 }));
const anyOptions = fc.record({
  mode: fc.constantFrom("adaptive", "full", "fixed", "doubling", "halving", "bandit", "bayes"),
  scope: fc.constantFrom(undefined, "dataset", "population"),
  equivalence: fc.constantFrom(0, 0.02, 0.2),
  race: fc.constantFrom({}, { strict: true }, { stopWhenEquivalent: true }, cheaper),
  cut: fc.constantFrom({}, { maxRows: 9, max: 9 }),
});

/** What speaks of these rows, and what of others. The exact sentence ends by saying that it is about no others. */
const ofDataset = /on this dataset|the rest would not show|rows left would decide/;
const ofFuture = /for future rows|\bcan still be\b/;

test("no verdict of any mode speaks of another scope than its own, and each reason is one sentence or more", () => {
  fc.assert(
    fc.property(anyRows, anyOptions, (rows, { mode, scope, equivalence, race, cut }) => {
      const columns = names.slice(0, rows[0]?.length ?? 0);
      const ids = rows.map((_, i) => String(i));
      const budget = mode === "halving" || mode === "bandit" ? { budget: 40 } : {};
      const { verdict, decisions } = decideMatrix({ ids, columns, rows }, {
        ...race,
        mode,
        equivalence,
        ...cut,
        ...budget,
        ...(scope === undefined ? {} : { scope }),
      } as MatrixOptions);
      for (const text of [verdict.explanation, ...decisions.map((d) => d.reason)]) {
        expect(text).toMatch(/^\S.*\.$/);
        expect(text).not.toMatch(/undefined|NaN|Infinity|null| {2}/);
        expect(text).not.toMatch(verdict.scope === "dataset" ? ofFuture : ofDataset);
        expect(ofDataset.test(text) && ofFuture.test(text)).toBe(false);
      }
      // A claim says how sure it is, unless it is exact or says that it is not sure.
      if (verdict.winner !== null && columns.length > 1 && verdict.kind !== "undecided") {
        expect(verdict.explanation).toMatch(
          /confidence\b|exact for this dataset|only row|error|costs less, so there is/,
        );
      }
    }),
    { numRuns: 600, seed: 11 },
  );
});

test("amounts are written as people write them", () => {
  expect([money(0.41, "dollars"), money(12, "dollars"), money(0.0041, "dollars"), money(0, "dollars")]).toEqual([
    "$0.41",
    "$12.00",
    "$0.0041",
    "$0.00",
  ]);
  expect([money(41_000, "promptTokens"), money(0.41, undefined)]).toEqual(["41,000 prompt tokens", "0.41"]);
  expect([points.of(0.01), points.of(0.0025), points.of(0.1), points.of(-0.123)]).toEqual([
    "1 point",
    "0.25 points",
    "10 points",
    "12.3 points",
  ]);
});
