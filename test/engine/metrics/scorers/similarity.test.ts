import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editSimilarity, similarityScorer, tokenF1 } from "../../../../src/engine/metrics/scorers/similarity.ts";
import { input } from "./input.ts";

describe("similarity", () => {
  it("by edits is one minus the distance over the longer length", () => {
    expect(editSimilarity("kitten", "sitting")).toBeCloseTo(1 - 3 / 7);
    expect(editSimilarity("", "")).toBe(1);
    expect(editSimilarity(" same ", "same")).toBe(1);
  });

  it("by words is SQuAD's F1", () => {
    // Words in common: denver, broncos; 2 of 2 and 2 of 3.
    expect(tokenF1("The Denver Broncos!", "denver broncos team")).toBeCloseTo((2 * 2) / 5);
    expect(tokenF1("a a b", "a b b")).toBeCloseTo(tokenF1("b", "b b"));
    expect(tokenF1("the", "")).toBe(1);
    expect(tokenF1("x", "")).toBe(0);
  });

  it("lies in [0, 1] and is the same both ways", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        for (const measure of [editSimilarity, tokenF1]) {
          expect(measure(a, b)).toBe(measure(b, a));
          expect(measure(a, b)).toBeGreaterThanOrEqual(0);
          expect(measure(a, b)).toBeLessThanOrEqual(1);
          expect(measure(a, a)).toBe(1);
        }
      }),
    );
  });

  it("may be asked to pass a threshold, and takes the best of several right answers", () => {
    const scorer = similarityScorer("s", { measure: "edit", threshold: 0.5 });
    expect(scorer.score(input("sitting", "kitten")).value).toBe(1);
    expect(scorer.score(input("sitting", "nothing like it")).value).toBe(0);
    expect(scorer.score(input("sitting", "nothing like it|sitting")).value).toBe(1);
  });
});
