import { describe, expect, it } from "vitest";
import { numberScorer } from "../../../../src/engine/metrics/scorers/number.ts";
import { input } from "./input.ts";

describe("number", () => {
  const score = (said: string | number, expected: string, tolerance = 0, relative = 0) =>
    numberScorer("number", { tolerance, relative }).score(input(String(said), expected, { value: said }));

  it("compares values, not digits", () => {
    expect(score(1200, "1,200").value).toBe(1);
    expect(score("42 km", "42.0").value).toBe(1);
    expect(score(42, "43")).toEqual({ value: 0, detail: "expected 43, got 42" });
  });

  it("allows an absolute and a relative tolerance, the larger of them", () => {
    expect(score(101, "100", 1).value).toBe(1);
    expect(score(101.1, "100", 1).value).toBe(0);
    expect(score(104, "100", 1, 0.05).value).toBe(1);
    expect(score(0.1, "0", 0, 0.05).value).toBe(0);
  });

  it("is not wrong by a binary fraction", () => {
    expect(score(0.1 + 0.2, "0.3").value).toBe(1);
    expect(score(0.3, "0.2", 0.1).value).toBe(1);
  });

  it("says which side is no number", () => {
    expect(score("none", "3").detail).toBe("expected 3, got no number");
    expect(score(3, "three").detail).toBe("the expected answer is no number: three");
  });
});
