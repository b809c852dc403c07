import { describe, expect, it } from "vitest";
import {
  containsScorer,
  exactScorer,
  labelScorer,
  normalisedScorer,
  regexScorer,
} from "../../../../src/engine/metrics/scorers/text.ts";
import { input } from "./input.ts";

describe("label", () => {
  const score = (said: string, expected: string | undefined) => labelScorer("label").score(input(said, expected));

  it("forgives dress and nothing else", () => {
    expect(score("card_lost", "card_lost")).toEqual({ value: 1 });
    expect(score("Card lost", "card_lost").value).toBe(1);
    expect(score("card", "card_lost")).toEqual({ value: 0, detail: 'expected "card_lost", got "card"' });
  });

  it("cannot be right without an expected answer", () => {
    expect(score("card", undefined)).toEqual({ value: 0, detail: "the row has no expected answer" });
  });

  it("shows long texts in short", () => {
    expect(score("x".repeat(500), "y").detail?.length).toBeLessThan(100);
  });
});

describe("exact", () => {
  const score = (said: string, expected: string) => exactScorer("exact").score(input(said, expected)).value;

  it("forgives spaces at the ends only", () => {
    expect(score(" Paris ", "Paris")).toBe(1);
    expect(score("paris", "Paris")).toBe(0);
  });
});

describe("normalised", () => {
  const score = (said: string, expected: string) => normalisedScorer("normalised").score(input(said, expected)).value;

  it("forgives case, punctuation and articles", () => {
    expect(score("The Eiffel Tower!", "eiffel tower")).toBe(1);
    expect(score("eiffel  tower", "The Eiffel-Tower")).toBe(1);
    expect(score("tower", "Eiffel Tower")).toBe(0);
  });

  it("takes any of several right answers", () => {
    expect(score("NYC", "New York|NYC")).toBe(1);
    expect(score("Boston", "New York|NYC")).toBe(0);
  });
});

describe("contains", () => {
  const score = (text: string, expected: string) =>
    containsScorer("contains").score(input("other", expected, { text })).value;

  it("looks for whole words in the answer as it came", () => {
    expect(score("It was built in New York, in 1931.", "New York")).toBe(1);
    expect(score("newyorker", "New York")).toBe(0);
    expect(score("the carpet", "car")).toBe(0);
    expect(score("It is NYC.", "New York|NYC")).toBe(1);
  });

  it("does not find an empty answer everywhere", () => {
    expect(score("anything", "...")).toBe(0);
  });
});

describe("regex", () => {
  it("matches its pattern against the answer as it came, every time anew", () => {
    const scorer = regexScorer("regex", /^\d{3}$/m, "");
    expect([
      scorer.score(input("", undefined, { text: "a\n123" })).value,
      scorer.score(input("", undefined, { text: "123" })).value,
    ]).toEqual([1, 1]);
    expect(scorer.score(input("", undefined, { text: "1234" }))).toEqual({
      value: 0,
      detail: "does not match ^\\d{3}$",
    });
  });

  it("takes the expected answer for a pattern without one, and says when it is none", () => {
    const scorer = regexScorer("regex", undefined, "i");
    expect(scorer.score(input("", "^par(is)?$", { text: "PARIS" })).value).toBe(1);
    expect(scorer.score(input("", "(", { text: "(" }))).toEqual({
      value: 0,
      detail: "the expected answer is not a pattern: (",
    });
  });
});
