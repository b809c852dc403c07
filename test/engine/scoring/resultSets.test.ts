import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cell, differenceOf } from "../../../src/engine/scoring/resultSets.ts";

const set = (...rows: Cell[][]) => ({ columns: rows[0]?.length ?? 1, rows });

describe("results of queries", () => {
  it("are the same rows as often, in any order unless it counts", () => {
    const a = set([1, "x"], [2, "y"], [2, "y"]);
    const b = set([2, "y"], [1, "x"], [2, "y"]);
    expect(differenceOf(a, b, false)).toBeUndefined();
    expect(differenceOf(a, b, true)).toBe("the order differs from row 1 on");
    expect(differenceOf(a, set([1, "x"], [1, "x"], [2, "y"]), false)).toBe(
      "the rows differ: expected (2, y) among them",
    );
    expect(differenceOf(a, set([1, "x"]), false)).toBe("expected 3 rows, got 1 row");
    expect(differenceOf(a, { columns: 1, rows: [[1], [2], [2]] }, false)).toBe("expected 2 columns, got 1 column");
  });

  it("forgive the last digits of a number, and nothing else", () => {
    expect(differenceOf(set([0.1 + 0.2]), set([0.3]), true)).toBeUndefined();
    expect(differenceOf(set([1.0000005], [2]), set([2], [1]), false)).toBeUndefined();
    expect(differenceOf(set([3]), set([3n]), true)).toBeUndefined();
    expect(differenceOf(set([1]), set([1.001]), true)).toBe("the rows differ: expected (1) among them");
    expect(differenceOf(set([null]), set([0]), true)).toBe("the rows differ: expected (NULL) among them");
    expect(differenceOf(set([null]), set([null]), true)).toBeUndefined();
    expect(differenceOf(set(["1"]), set([1]), true)).toBe("the rows differ: expected (1) among them");
    expect(differenceOf(set(["A"]), set(["a"]), true)).toBe("the rows differ: expected (A) among them");
  });

  it("do not depend on the order in which rows come", () => {
    const cell = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("a", "b", null));
    const rows = fc.array(fc.tuple(cell, cell), { maxLength: 12 });
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.nat()), (all, numbers) => {
        const mixed = all.map((row) => ({ row, at: numbers.next().value ?? 0 })).toSorted((a, b) => a.at - b.at);
        const other = { columns: 2, rows: mixed.map(({ row }) => row) };
        expect(differenceOf({ columns: 2, rows: all }, other, false)).toBeUndefined();
        expect(
          differenceOf(
            { columns: 2, rows: [...all, ["c", 1]] },
            { columns: 2, rows: [...other.rows, ["d", 1]] },
            false,
          ),
        ).toBe("the rows differ: expected (c, 1) among them");
      }),
    );
  });
});
