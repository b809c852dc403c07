import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance } from "../../../src/engine/metrics/editDistance.ts";
import { leastCpuMs } from "../../support/speed.ts";

const points = (text: string) => Array.from(text, (one) => one.codePointAt(0) ?? 0);

/** The textbook's table. */
function byTable(a: readonly number[], b: readonly number[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["flaw", "lawn", 2],
    ["😀a", "😀b", 1],
  ])("of %j and %j is %i", (a, b, distance) => {
    expect(editDistance(points(a), points(b))).toBe(distance);
  });

  it("agrees with the textbook's table, also across blocks of 32", () => {
    const text = fc.array(fc.constantFrom(97, 98, 99), { maxLength: 150 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(editDistance(a, b)).toBe(byTable(a, b));
      }),
      { numRuns: 400 },
    );
  });

  it("takes little time over long texts", async () => {
    const a = Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 61);
    const b = Array.from({ length: 20_000 }, (_, i) => (i * 104_729) % 61);
    const measure = () => expect(editDistance(a, b)).toBeGreaterThan(1000);
    expect(await leastCpuMs(measure, { enough: 3000 })).toBeLessThan(3000);
  });
});
