import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnswerRow } from "../../../src/engine/ensemble/answers.ts";
import { candidatesOf, elect } from "../../../src/engine/ensemble/answers.ts";
import { combinedScores, logOddsWeights } from "../../../src/engine/ensemble/combine.ts";
import { stackedWeights } from "../../../src/engine/ensemble/stacking.ts";

/** Rows of predictions against "A"; a bare letter has no confidence, `["A", 0.9]` has one, null could not be read. */
type Written = string | null | readonly [string, number];

function row(...written: readonly Written[]): AnswerRow {
  return written.map((one) => {
    const prediction = typeof one === "string" || one === null ? (one ?? undefined) : one[0];
    return {
      prediction,
      score: prediction === "A" ? 1 : 0,
      confidence: typeof one === "string" || one === null ? undefined : one[1],
    };
  });
}

describe("voting", () => {
  it("takes the answer that most members gave", () => {
    expect([...combinedScores([row("A", "B", "A"), row("A", "B", "B")], 3, "majority")]).toEqual([1, 0]);
  });

  it("gives a tie to the first listed member among the tied", () => {
    expect(elect(row("C", "A", "B", "B", "A"), () => 1)?.prediction).toBe("A");
    expect(elect(row("B", "A"), () => 1)?.prediction).toBe("B");
  });

  it("does not let the order of a sum break a tie", () => {
    // Not the same number in floating point: 0.1 + 0.2 and 0.3.
    const weights = [0.3, 0.1, 0.2];
    expect(elect(row("A", "B", "B"), (member) => weights[member] ?? 0)?.prediction).toBe("A");
  });

  it("leaves out what could not be read, and scores 0 when nothing could", () => {
    expect([...combinedScores([row(null, "A", null), row(null, null, null)], 3, "majority")]).toEqual([1, 0]);
  });

  it("weighs by confidence, with a member's usual one where an answer came without", () => {
    const rows = [row(["A", 0.9], ["B", 0.3], ["B", 0.4]), row(["B", 0.5], "A", ["B", 0.2])];
    // On the second row the silent member's usual 0.3 stands against 0.5 + 0.2.
    expect([...combinedScores(rows, 3, "confidence")]).toEqual([1, 0]);
  });

  it("elects an answer that some member gave, whatever the rule", () => {
    const letters = fc.array(fc.constantFrom("A", "B", "C"), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(letters, { minLength: 10, maxLength: 40 }), (table) => {
        const rows = table.map((letter) => row(...letter));
        for (const rule of ["majority", "logodds", "stacked"] as const) {
          const scores = combinedScores(rows, 3, rule);
          scores.forEach((score, i) => {
            expect(candidatesOf(rows[i] ?? []).map((one) => one.score)).toContain(score);
          });
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("fitted weights", () => {
  it("are the log-odds of each member's accuracy, never below a whisper", () => {
    const rows = Array.from({ length: 99 }, (_, i) => row(i < 74 ? "A" : "B", i < 10 ? "A" : "B"));
    const weights = logOddsWeights(rows, 2);
    expect(weights[0]).toBeCloseTo(Math.log(0.745 / 0.255), 10);
    expect(weights[1]).toBe(0.01);
  });

  it("follow the member who is right when they differ", () => {
    // The second is right on four of five rows where they differ; the third only repeats the first.
    const rows = Array.from({ length: 300 }, (_, i) => (i % 5 === 0 ? row("A", "B", "A") : row("B", "A", "B")));
    const weights = stackedWeights(rows, 3);
    expect(weights[1]).toBeGreaterThan((weights[0] ?? 0) + (weights[2] ?? 0));
    expect(combinedScores(rows, 3, "majority").reduce((a, b) => a + b)).toBe(60);
    expect(combinedScores(rows, 3, "stacked").reduce((a, b) => a + b)).toBe(240);
  });

  it("satisfy the first-order condition of the likelihood", () => {
    const rows = Array.from({ length: 240 }, (_, i) =>
      row("ABAC"[i % 4] ?? "A", "AABA"[(i >> 2) % 4] ?? "A", "BAC"[i % 3] ?? "A"),
    );
    const weights = stackedWeights(rows, 3);
    const loss = (w: Float64Array) => {
      let sum = 0.5 * w.reduce((total, one) => total + (one - 1) ** 2, 0);
      for (const answers of rows) {
        const candidates = candidatesOf(answers);
        const right = candidates.find((one) => one.score === 1);
        if (candidates.length < 2 || right === undefined) continue;
        const utility = (members: readonly number[]) => members.reduce((total, m) => total + (w[m] ?? 0), 0);
        sum +=
          Math.log(candidates.reduce((total, one) => total + Math.exp(utility(one.members)), 0)) -
          utility(right.members);
      }
      return sum;
    };
    for (let member = 0; member < 3; member++) {
      const step = (by: number) => loss(weights.map((one, i) => (i === member ? one + by : one)));
      expect((step(1e-4) - step(-1e-4)) / 2e-4).toBeCloseTo(0, 4);
    }
  });
});
