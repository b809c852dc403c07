import { describe, expect, it } from "vitest";
import { reciprocalRankScorer, topScorer } from "../../../../src/engine/metrics/scorers/ranked.ts";
import { input } from "./input.ts";

const ranking = ["a", "Card lost", "c"];
const answer = (expected: string) => input("a", expected, { ranking });

describe("top-k", () => {
  it("is right when the answer is among the first k", () => {
    expect(topScorer("top-1", 1).score(answer("a"))).toEqual({ value: 1 });
    expect(topScorer("top-1", 1).score(answer("card_lost"))).toEqual({ value: 0, detail: "card_lost is candidate 2" });
    expect(topScorer("top-2", 2).score(answer("card_lost")).value).toBe(1);
    expect(topScorer("top-5", 5).score(answer("z"))).toEqual({ value: 0, detail: "z is no candidate" });
  });

  it("takes an answer without a ranking for one candidate", () => {
    expect(topScorer("top-3", 3).score(input("a", "a")).value).toBe(1);
  });
});

describe("the reciprocal rank", () => {
  it("is one over the place", () => {
    const scores = ["a", "card_lost", "c", "z"].map(
      (expected) => reciprocalRankScorer("mrr").score(answer(expected)).value,
    );
    expect(scores).toEqual([1, 1 / 2, 1 / 3, 0]);
  });
});
