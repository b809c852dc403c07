import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UserError } from "../../../src/base/errors.ts";
import { decideMatrix } from "../../../src/engine/decide/decideMatrix.ts";
import { parseMatrix } from "../../../src/engine/decide/matrix.ts";
import { storedOrder } from "../../../src/engine/decide/order.ts";
import { bernoulli } from "./support.ts";

const csv = (scores: readonly (readonly number[])[]) =>
  ["id,A,B,C", ...scores.map((r, i) => [`r${i}`, ...r].join())].join("\n");

describe("reading a table", () => {
  test("ids, columns and scores; empty cells, booleans, a byte-order mark and a gold column", () => {
    const table = parseMatrix("\uFEFFid,gold,A,B\n1,x,1,0.5\n2,y,,true\n\n");
    expect(table).toEqual({
      ids: ["1", "2"],
      columns: ["A", "B"],
      rows: [
        [1, 0.5],
        [Number.NaN, 1],
      ],
    });
  });

  test("tabs will do", () => {
    expect(parseMatrix("id\tA\tB\n1\t1\t0\n2\t0\t1").columns).toEqual(["A", "B"]);
  });

  test.each([
    ["a score over 1", "id,A,B\n1,1,0\n2,3,0", "m.csv:3:2", "Column A: 3 is not between 0 and 1"],
    ["a word", "id,A,B\n1,1,yes", "m.csv:2:3", "Column B: yes is not a number"],
    ["a short line", "id,A,B\n1,1", "m.csv:2:1", "2 cells"],
    ["the same id twice", "id,A,B\n1,1,0\n1,1,0", "m.csv:3:1", "stands on line 2"],
    ["no id", "id,A,B\n,1,0", "m.csv:2:1", "no id"],
    ["two columns of one name", "id,A,A\n1,1,0", "m.csv:1:3", "named A"],
    ["a column without a name", "id,A,\n1,1,0", "m.csv:1:3", "has no name"],
    ["no column", "id,gold\n1,1", "m.csv:1:1", "no score column"],
    ["no row", "id,A,B\n", "m.csv:1:1", "no row"],
  ])("%s is named with line and column", (_, text, where, message) => {
    const thrown = (() => {
      try {
        return parseMatrix(text, "m.csv");
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(UserError);
    expect(thrown).toMatchObject({ where });
    expect((thrown as UserError).message).toContain(message);
  });

  test("nothing at all", () => {
    expect(() => parseMatrix("")).toThrow("empty");
  });

  test("a cell that spans lines does not shift the count", () => {
    expect(() => parseMatrix('id,A\n"a\nb",1\nc,9', "m")).toThrow(expect.objectContaining({ where: "m:4:2" }));
  });
});

describe("deciding a table", () => {
  const table = parseMatrix(csv(bernoulli([0.6, 0.9, 0.7], 500, "table")));

  test("says what was used", () => {
    const decision = decideMatrix(table, { equivalence: 0.01, seed: 3 });
    expect(decision.verdict).toMatchObject({ kind: "winner", winner: "B", scope: "dataset" });
    expect(decision.calls).toBe(decision.variants.reduce((s, v) => s + v.trials, 0));
    expect(decision.calls).toBeLessThan(750);
    expect(decision.rows).toBe(Math.max(...decision.variants.map((v) => v.trials)));
    expect(decision.variants.map((v) => v.status)).toEqual(["dropped", "won", "dropped"]);
  });

  test("the same seed gives the same decision, another seed another order", () => {
    expect(decideMatrix(table, { seed: 5 })).toEqual(decideMatrix(table, { seed: 5 }));
    expect(storedOrder(50, 1)).not.toEqual(storedOrder(50, 2));
    expect([...storedOrder(50, 1)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test.each(["full", "fixed", "doubling", "bandit", "halving", "bayes"] as const)(
    "mode %s names the best too",
    (mode) => {
      const { verdict } = decideMatrix(table, { mode, seed: 2 });
      expect(verdict.winner).toBe("B");
      expect(verdict.guaranteed).toBe(!["doubling", "bandit", "halving"].includes(mode));
    },
  );

  test("costs name the cheaper one of a tie", () => {
    const tie = parseMatrix("id,A,B\n1,1,1\n2,0,0");
    expect(decideMatrix(tie, { costs: { A: 2, B: 1 } }).verdict).toMatchObject({ kind: "equivalent", winner: "B" });
  });
});

const recorded = new URL("../../../../shared/data/matrices/csqa_re2_correct.csv", import.meta.url);
test.skipIf(!existsSync(recorded))("recorded outputs (skipped where ../shared is not there): a winner, cheaply", () => {
  const table = parseMatrix(readFileSync(recorded, "utf8"), "csqa");
  const decision = decideMatrix(table, { equivalence: 0.01, seed: 1 });
  expect(decision.verdict.kind).toBe("winner");
  expect(decision.verdict.winner).toMatch(/^gpt4omini/);
  expect(decision.calls).toBeLessThan(0.5 * 1221 * 12);
});
